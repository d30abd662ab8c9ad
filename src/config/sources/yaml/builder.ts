import {
  anchorOf,
  EVENT,
  isPlain,
  offsetOf,
  type ScalarEvent,
  scalarText,
  tagOf,
  type YamlEvent,
} from "./events.ts";
import { fullTag, isForeignTag, plainScalar, taggedScalar } from "./scalars.ts";

/** Values that aliases and merges may add: a hundred in each of 20,000 places, too few for a bomb. */
const MAX_ADDED = 2_000_000;

const FOREIGN = "expected plain text here, without a tag, dates in quotes";

/** What an alias stands for. */
interface Anchor {
  value: unknown;
  /** Values in it, its own aliases expanded. */
  size: number;
  /** We are in the middle of it. */
  open: boolean;
}

export type Complain = (offset: number, message: string) => void;

type Section = Record<string, unknown>;

/**
 * Makes plain data of the events of one document. What is wrong beyond the syntax is complained of
 * and left out: duplicate keys, keys that are no names, aliases that lead nowhere, round in circles
 * or to too much, merges of what is no section, values that JSON doesn't have.
 */
export class YamlBuilder {
  private readonly text: string;
  private readonly events: readonly YamlEvent[];
  private readonly complain: Complain;
  private readonly anchors = new Map<string, Anchor>();
  private handles: Record<string, string> = {};
  /** The event that comes next. */
  private next = 0;
  /** Values so far, aliases expanded, and how many of them aliases have added. */
  private size = 0;
  private added = 0;

  constructor(text: string, events: readonly YamlEvent[], complain: Complain) {
    this.text = text;
    this.events = events;
    this.complain = complain;
  }

  /** The first document; further ones are complained of. */
  document(): unknown {
    const document = this.events[this.next++];
    if (document?.type !== EVENT.DOCUMENT) return undefined;
    for (const directive of document.directives) {
      if (directive.kind === "tag") this.handles[directive.handle] = directive.prefix;
    }
    const value = this.value(0);
    this.next++;
    if (this.next < this.events.length) this.another();
    return value;
  }

  private another(): void {
    const first = this.events
      .slice(this.next)
      .map((event) => offsetOf(this.text, event))
      .find((offset) => offset !== undefined);
    const before = this.text.slice(0, first ?? this.text.length);
    const marker = /[\s\S]*(?:^|[\r\n])(?=---(?:\s|$))/.exec(before);
    this.complain(marker?.[0].length ?? first ?? 0, "expected one YAML document, found another");
  }

  /** The value that begins at the next event; `offset` is where something unwritten counts as standing. */
  private value(offset: number): unknown {
    const event = this.events[this.next++];
    if (event.type === EVENT.ALIAS) return this.alias(event);
    const before = this.size++;
    const anchor = this.anchor(event);
    const raw = tagOf(this.text, event);
    const tag = raw === undefined ? undefined : fullTag(raw, this.handles);
    if (tag !== undefined && isForeignTag(tag))
      this.complain(offsetOf(this.text, event) ?? offset, FOREIGN);
    let value: unknown;
    if (event.type === EVENT.SCALAR) value = this.scalar(event, tag);
    else if (event.type === EVENT.MAPPING) value = this.section();
    else value = this.list();
    if (anchor !== undefined) {
      anchor.value = value;
      anchor.size = this.size - before;
      anchor.open = false;
    }
    return value;
  }

  private anchor(event: YamlEvent): Anchor | undefined {
    const name = anchorOf(this.text, event);
    if (name === undefined) return undefined;
    const anchor: Anchor = { value: undefined, size: 0, open: true };
    this.anchors.set(name, anchor);
    return anchor;
  }

  private scalar(event: ScalarEvent, tag: string | undefined): unknown {
    const text = scalarText(this.text, event);
    if (tag !== undefined) return taggedScalar(text, tag);
    return isPlain(event) ? plainScalar(text) : text;
  }

  private list(): unknown[] {
    const list: unknown[] = [];
    while (this.events[this.next].type !== EVENT.POP) list.push(this.value(0));
    this.next++;
    return list;
  }

  private section(): Section {
    const section: Section = {};
    /** Names that merges brought: a key of the section's own goes before them. */
    let merged: Set<string> | undefined;
    let hasMerge = false;
    for (;;) {
      const event = this.events[this.next++];
      if (event.type === EVENT.POP) return section;
      const offset = offsetOf(this.text, event) ?? this.offsetBefore();
      if (event.type !== EVENT.SCALAR) {
        this.complain(offset, "expected a name as the key, found something else");
        this.skip(event);
        this.value(offset);
        continue;
      }
      const name = this.name(event);
      if (name === "<<" && isPlain(event)) {
        if (hasMerge) this.twice(offset, name);
        hasMerge = true;
        merged ??= new Set();
        this.merge(section, merged, offset);
        continue;
      }
      if (Object.hasOwn(section, name) && merged?.delete(name) !== true) this.twice(offset, name);
      const value = this.value(offset);
      if (name === "__proto__") define(section, name, value);
      else section[name] = value;
    }
  }

  private twice(offset: number, name: string): void {
    this.complain(offset, `the key "${name}" is there twice`);
  }

  /** A key's text: numbers and the like as they are read, `0x10` is "16". */
  private name(event: ScalarEvent): string {
    const raw = tagOf(this.text, event);
    const value = this.scalar(event, raw === undefined ? undefined : fullTag(raw, this.handles));
    const name = value === null ? "" : String(value);
    const anchor = this.anchor(event);
    if (anchor !== undefined) {
      anchor.value = value;
      anchor.size = 1;
      anchor.open = false;
    }
    return name;
  }

  private merge(section: Section, merged: Set<string>, keyOffset: number): void {
    const event = this.events[this.next];
    const offset = offsetOf(this.text, event) ?? keyOffset;
    const unknownAlias =
      event.type === EVENT.ALIAS && !this.anchors.has(anchorOf(this.text, event) as string);
    const value = this.value(keyOffset);
    // There are complaints of those already.
    if (unknownAlias || value === undefined) return;
    const sources = Array.isArray(value) && event.type !== EVENT.ALIAS ? value : [value];
    if (!sources.every((source) => source === undefined || isSection(source))) {
      this.complain(offset, "expected a section to merge, or a list of sections");
      return;
    }
    if (this.added > MAX_ADDED) return;
    for (const source of sources as (Section | undefined)[]) {
      for (const [name, child] of Object.entries(source ?? {})) {
        if (Object.hasOwn(section, name)) continue;
        define(section, name, child);
        merged.add(name);
      }
    }
  }

  private alias(event: YamlEvent): unknown {
    const name = anchorOf(this.text, event) as string;
    const offset = offsetOf(this.text, event) as number;
    const anchor = this.anchors.get(name);
    if (anchor === undefined) {
      this.complain(offset, `there is no anchor "${name}" above`);
      return undefined;
    }
    if (anchor.open) {
      this.complain(offset, `the alias "${name}" refers to what it is a part of`);
      return undefined;
    }
    const { size } = anchor;
    const most = `expected aliases to add at most ${MAX_ADDED} values, found more`;
    if (this.added <= MAX_ADDED && this.added + size > MAX_ADDED) this.complain(offset, most);
    this.added += size;
    this.size += size;
    return anchor.value;
  }

  /** Goes behind a node that has begun. */
  private skip(event: YamlEvent): void {
    let depth = opens(event) ? 1 : 0;
    while (depth > 0) {
      const inner = this.events[this.next++];
      if (opens(inner)) depth++;
      else if (inner.type === EVENT.POP) depth--;
    }
  }

  /** Where something stands that isn't written, such as the key of `: x`: with what comes next. */
  private offsetBefore(): number {
    for (let i = this.next; i < this.events.length; i++) {
      const offset = offsetOf(this.text, this.events[i]);
      if (offset !== undefined) return offset;
    }
    return 0;
  }
}

function opens({ type }: YamlEvent): boolean {
  return type === EVENT.MAPPING || type === EVENT.SEQUENCE;
}

function isSection(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As a key like any other, "__proto__" too. */
function define(section: Section, name: string, value: unknown): void {
  Object.defineProperty(section, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
