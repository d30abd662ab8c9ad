import type { HeaderList } from "../../../../wire/header-list.ts";
import { type Field, HeaderBlock } from "./header-block.ts";

/** How long a response may be used. Times in milliseconds. */
export interface Freshness {
  /** How old it was when it came (RFC 9111 section 4.2.3). */
  readonly initialAge: number;
  readonly lifetime: number;
  /** How long beyond that while another one is fetched (RFC 5861). */
  readonly staleWhileRevalidate: number;
  /** How long beyond that where the server fails. */
  readonly staleIfError: number;
  /** A request may ask for it though it is stale. */
  readonly mayBeStale: boolean;
}

/** A field that the server chose the response by, and what the request had there; null for nothing. */
export type VariedField = readonly [lowerName: string, value: string | null];

export interface StoredParts {
  readonly url: string;
  readonly view: string;
  readonly status: number;
  readonly reason: string;
  /** As they are sent, without Age; Content-Length is right. */
  readonly fields: readonly Field[];
  readonly body: Uint8Array;
  readonly vary: readonly VariedField[];
  readonly freshness: Freshness;
  /** On the clock of all workers. */
  readonly receivedAt: number;
}

/** What an object takes beside its texts and bytes. */
const OVERHEAD = 1024;

/** A response that is kept. */
export class StoredResponse {
  readonly parts: StoredParts;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Bytes of memory that it takes, about. */
  readonly size: number;
  /** Where it stands in the order of use; of `MemoryStore`. */
  newer: StoredResponse | null = null;
  older: StoredResponse | null = null;
  private block: HeaderBlock | null = null;
  private blockSecond = -1;
  private blockStatus = "";

  constructor(parts: StoredParts) {
    this.parts = parts;
    this.etag = this.first("etag");
    this.lastModified = this.first("last-modified");
    let size = OVERHEAD + parts.body.length + 2 * (parts.url.length + parts.view.length);
    for (const [name, value] of parts.fields) size += 3 * (name.length + value.length) + 64;
    for (const [name, value] of parts.vary) size += name.length + (value?.length ?? 0) + 64;
    this.size = size;
  }

  /** The first value of a field, by its name in lower case; or null. */
  first(lowerName: string): string | null {
    for (const [name, value] of this.parts.fields)
      if (name.length === lowerName.length && name.toLowerCase() === lowerName) return value;
    return null;
  }

  get hasValidator(): boolean {
    return this.etag !== null || this.lastModified !== null;
  }

  /** Milliseconds. */
  age(now: number): number {
    const { freshness, receivedAt } = this.parts;
    return freshness.initialAge + Math.max(0, now - receivedAt);
  }

  /** Milliseconds for which it is fresh; below 0 for how long it has been stale. */
  left(now: number): number {
    return this.parts.freshness.lifetime - this.age(now);
  }

  /** True where it was chosen by the same fields as this request has. */
  matches(list: HeaderList): boolean {
    const { vary } = this.parts;
    for (let i = 0; i < vary.length; i++) {
      const [name, value] = vary[i];
      const found = list.get(name);
      if (found !== value && (found === null || value === null || normal(found) !== normal(value)))
        return false;
    }
    return true;
  }

  /** The fields with Age and, where it isn't "", with that Cache-Status. */
  headers(now: number, status: string): HeaderList {
    const second = Math.floor(this.age(now) / 1000);
    if (this.block === null || second !== this.blockSecond || status !== this.blockStatus) {
      const more: Field[] = [["Age", String(second)]];
      if (status !== "") more.push(["Cache-Status", status]);
      this.block = new HeaderBlock([...this.parts.fields, ...more]);
      this.blockSecond = second;
      this.blockStatus = status;
    }
    return this.block.list();
  }
}

/** Whitespace around commas says nothing (RFC 9111 section 4.1). */
function normal(value: string): string {
  return value.replace(/\s*,\s*/g, ",").trim();
}
