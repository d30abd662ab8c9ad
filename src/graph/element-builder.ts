import type { ElementValue } from "../core/element-kind.ts";
import { messageOf } from "../core/errors.ts";
import { sameData } from "../core/same-data.ts";

/** Something that an element holds and that is closed unless the present configuration uses it. */
export interface Held {
  retain(): void;
}

/** An element that runs. It survives a reload that doesn't change it, with its state. */
export interface Running<T extends ElementValue = ElementValue> {
  /** Qualified. */
  readonly name: string;
  readonly value: T;
  /** What it was made of, as plain data; equal, with the same children, means that it may be kept. */
  readonly fingerprint: unknown;
  /** The elements that it uses. */
  readonly children: readonly Running[];
  readonly held: readonly Held[];
}

/** How an element is to be made. */
export interface Plan<T extends ElementValue> {
  readonly fingerprint: unknown;
  readonly children: readonly Running[];
  readonly held: readonly Held[];
  create(): T | Promise<T>;
}

/** Elements that are being built, outermost first: each as its kind and name. */
export type BuildPath = readonly { readonly kind: string; readonly name: string }[];

/** Nothing of that name is configured: there is nothing to go on with either. */
export class MissingElement extends Error {
  readonly kind: string;
  readonly missing: string;

  constructor(kind: string, name: string) {
    super(`the ${kind} "${name}" does not exist`);
    this.kind = kind;
    this.missing = name;
  }
}

/** What is wrong with one element. */
export class ElementError extends Error {
  readonly messages: readonly string[];

  constructor(messages: readonly string[]) {
    super(messages.join("; "));
    this.messages = messages;
  }
}

/** An element that has an error now. */
export interface Failure {
  readonly name: string;
  readonly errors: readonly string[];
  /** True where it goes on as it last worked. */
  readonly goesOn: boolean;
}

export interface ElementBuilderOptions<T extends ElementValue> {
  /** As messages call it: "service", "TCP middleware". */
  readonly kind: string;
  /** What runs now. */
  readonly previous: ReadonlyMap<string, Running<T>>;
  /** Rejects with what is wrong; with a MissingElement where nothing has that name. */
  readonly plan: (name: string, path: BuildPath, owner: string) => Promise<Plan<T>>;
}

/**
 * Builds the elements of one kind that a configuration names, each once. One that is as it was
 * before is kept. One that has an error now goes on as it last worked, until it is right or removed;
 * without a past it fails alone.
 */
export class ElementBuilder<T extends ElementValue> {
  /** What the configuration runs, by key. */
  readonly running = new Map<string, Running<T>>();
  /** By key. */
  readonly failures = new Map<string, Failure>();
  private readonly errors = new Map<string, Error>();
  private readonly options: ElementBuilderOptions<T>;

  constructor(options: ElementBuilderOptions<T>) {
    this.options = options;
  }

  /**
   * The element of that qualified name; that of `owner` alone where one is given. Rejects with what
   * is wrong where there is none that works or worked.
   */
  async get(name: string, path: BuildPath = [], owner = ""): Promise<Running<T>> {
    const { kind, previous, plan } = this.options;
    const key = keyOf(name, owner);
    const known = this.running.get(key);
    if (known !== undefined) return known;
    const failure = this.errors.get(key);
    if (failure !== undefined) throw failure;
    if (path.some((place) => place.kind === kind && place.name === name))
      throw new Error(loop(path, kind, name));
    const before = previous.get(key);
    let running: Running<T>;
    try {
      const planned = await plan(name, [...path, { kind, name }], owner);
      running =
        before !== undefined && isSame(before, planned)
          ? before
          : {
              name,
              fingerprint: planned.fingerprint,
              children: planned.children,
              held: planned.held,
              value: await planned.create(),
            };
    } catch (cause) {
      const error = cause as Error;
      // One that uses a missing one is there itself.
      const missing =
        error instanceof MissingElement && error.kind === kind && error.missing === name;
      const goesOn = before !== undefined && !missing;
      const errors = error instanceof ElementError ? error.messages : [messageOf(error)];
      if (!missing) this.failures.set(key, { name, errors, goesOn });
      if (!goesOn) {
        this.errors.set(key, error);
        throw error;
      }
      running = before;
    }
    this.running.set(key, running);
    return running;
  }

  /** The element of that name where it has been built: thousands of routers may name one service. */
  known(name: string, owner = ""): Running<T> | undefined {
    return this.running.get(keyOf(name, owner));
  }

  /** True where the configuration before had an element of that name, the owner's own. */
  ranBefore(name: string, owner: string): boolean {
    return this.options.previous.has(keyOf(name, owner));
  }

  /** The names that were asked for. */
  *names(): Iterable<string> {
    for (const { name } of this.running.values()) yield name;
    for (const { name } of this.failures.values()) yield name;
  }
}

function keyOf(name: string, owner: string): string {
  return owner === "" ? name : `${name}\n${owner}`;
}

function isSame(before: Running, { fingerprint, children }: Plan<ElementValue>): boolean {
  return (
    before.children.length === children.length &&
    before.children.every((child, i) => child === children[i]) &&
    sameData(before.fingerprint, fingerprint)
  );
}

function loop(path: BuildPath, kind: string, name: string): string {
  const round = path.slice(path.findIndex((place) => place.kind === kind && place.name === name));
  const names = [...round, { kind, name }].map((place) =>
    place.kind === kind ? place.name : `${place.kind} ${place.name}`,
  );
  return `${kind} "${name}": recursion: ${names.join(" -> ")}`;
}

/** The elements and all that they use. */
export function reachable(roots: Iterable<Running>): ReadonlySet<Running> {
  const found = new Set<Running>();
  const waiting = [...roots];
  for (let element = waiting.pop(); element !== undefined; element = waiting.pop()) {
    if (found.has(element)) continue;
    found.add(element);
    waiting.push(...element.children);
  }
  return found;
}

/** Says to everything that these elements hold that it is still used. */
export function retainAll(elements: Iterable<Running>): void {
  for (const { held } of elements) for (const each of held) each.retain();
}

/** Stops what ran before and runs no more. */
export function stopGone(before: Iterable<Running>, after: ReadonlySet<Running>): void {
  for (const element of before) if (!after.has(element)) element.value.stop?.();
}
