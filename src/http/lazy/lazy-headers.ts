import { FIELD_NAMES, FieldId } from "../../wire/field-names.ts";
import type { HeaderList } from "../../wire/header-list.ts";

/** What logs don't show the values of. */
export const HIDDEN_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
]);

/** What console.log asks an object for, on Bun, Node and Deno. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

function checkedName(name: string): string {
  const text = String(name);
  if (!TOKEN.test(text)) throw new TypeError(`Invalid header name ${JSON.stringify(text)}`);
  return text;
}

/** A field value without surrounding whitespace. Throws TypeError on bytes RFC 9110 section 5.5 forbids. */
export function checkedValue(value: string): string {
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (BAD_VALUE.test(text)) throw new TypeError(`Invalid header value ${JSON.stringify(text)}`);
  return text;
}

/**
 * The Web-standard face of a HeaderList: `instanceof Headers` holds and every method works on the
 * list itself. Unlike a received Request's native headers it can be changed: middlewares do.
 */
export class LazyHeaders {
  // Private to the runtime as well: logs and JSON show what Headers show.
  readonly #list: HeaderList;
  /** How often fields were changed here: who iterates meanwhile sees it. */
  #changes = 0;

  constructor(list: HeaderList) {
    this.#list = list;
  }

  get(name: string): string | null {
    return this.#list.get(checkedName(name).toLowerCase());
  }

  has(name: string): boolean {
    return this.#list.has(checkedName(name).toLowerCase());
  }

  set(name: string, value: string): void {
    this.#list.set(checkedName(name), checkedValue(value));
    this.#changes++;
  }

  append(name: string, value: string): void {
    this.#list.append(checkedName(name), checkedValue(value));
    this.#changes++;
  }

  delete(name: string): void {
    this.#list.delete(checkedName(name).toLowerCase());
    this.#changes++;
  }

  getSetCookie(): string[] {
    return this.#list.all("set-cookie");
  }

  getAll(name: string): string[] {
    return this.#list.all(checkedName(name).toLowerCase());
  }

  get count(): number {
    return this.sorted().length;
  }

  /** Lower-case names in order, values joined, Set-Cookie one by one, as the Fetch standard iterates. */
  private sorted(): [string, string][] {
    const joined = new Map<string, string>();
    const cookies: [string, string][] = [];
    for (let i = 0; i < this.#list.slots; i++) {
      const id = this.#list.idAt(i);
      if (id === FieldId.deleted) continue;
      const name = (id === FieldId.other ? this.#list.nameAt(i) : FIELD_NAMES[id]).toLowerCase();
      const value = this.#list.valueAt(i);
      if (id === FieldId.setCookie) {
        cookies.push([name, value]);
        continue;
      }
      const before = joined.get(name);
      const between = id === FieldId.cookie ? "; " : ", ";
      joined.set(name, before === undefined ? value : before + between + value);
    }
    return [...joined, ...cookies].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  }

  /** By index, as Web IDL has it ("default iterator objects"): changes on the way count. */
  *entries(): Generator<[string, string]> {
    let seen = this.#changes;
    let sorted = this.sorted();
    for (let i = 0; i < sorted.length; i++) {
      yield sorted[i];
      if (seen === this.#changes) continue;
      seen = this.#changes;
      sorted = this.sorted();
    }
  }

  *keys(): Generator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): Generator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  declare [Symbol.iterator]: () => Generator<[string, string]>;

  forEach(callback: (value: string, key: string, parent: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.entries()) {
      callback.call(self, value, name, this as unknown as Headers);
    }
  }

  /** For logs: secrets are named, not shown. */
  [INSPECT](): Record<string, string> {
    const hidden = (name: string, value: string) => (HIDDEN_HEADERS.has(name) ? "REDACTED" : value);
    return Object.fromEntries(
      this.sorted().map(([name, value]) => [name, hidden(name, value)] as const),
    );
  }

  toJSON(): Record<string, string | string[]> {
    return Object.fromEntries(this.sorted());
  }
}

Object.setPrototypeOf(LazyHeaders.prototype, Headers.prototype);
Object.defineProperty(LazyHeaders.prototype, Symbol.iterator, {
  value: LazyHeaders.prototype.entries,
});
Object.defineProperty(LazyHeaders.prototype, "constructor", { value: Headers });
