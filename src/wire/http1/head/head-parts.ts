import type { Http1Limits } from "../message.ts";
import type { Refuse } from "../protocol-error.ts";
import { SectionReader } from "../section-reader.ts";
import { HeadFacts } from "./head-facts.ts";
import { HeadScanner, type StartLine } from "./head-scanner.ts";

/**
 * What reads a head, and the head that it gives to the sink. One set serves all parsers of a role with
 * the same limits: nearly every head is whole in one read event, and nothing has to be remembered of it.
 * A head that comes in pieces has a set of its own.
 */
export class HeadParts<Line extends StartLine, Head> {
  readonly limits: Http1Limits;
  readonly refuse: Refuse;
  readonly line: Line;
  readonly head: Head;
  readonly scanner: HeadScanner;
  readonly facts: HeadFacts;
  readonly reader: SectionReader;

  constructor(limits: Http1Limits, refuse: Refuse, line: Line, head: Head) {
    this.limits = limits;
    this.refuse = refuse;
    this.line = line;
    this.head = head;
    this.scanner = new HeadScanner(limits, line, refuse);
    this.facts = new HeadFacts(refuse);
    this.reader = new SectionReader(this.scanner);
  }
}

/** The sets that parsers share, by their limits. `create` makes one. */
export class SharedParts<Parts extends object> {
  private readonly made = new WeakMap<Http1Limits, Parts>();
  private readonly create: (limits: Http1Limits) => Parts;

  constructor(create: (limits: Http1Limits) => Parts) {
    this.create = create;
  }

  for(limits: Http1Limits): Parts {
    let parts = this.made.get(limits);
    if (parts === undefined) {
      parts = this.create(limits);
      this.made.set(limits, parts);
    }
    return parts;
  }
}
