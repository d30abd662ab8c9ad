import { DynamicTable } from "./dynamic-table.ts";
import type { EncoderName } from "./encoder-name.ts";
import { ENTRY_OVERHEAD, FIRST_DYNAMIC } from "./static-table.ts";

/** A field in the encoder's table. */
export class EncoderEntry {
  /** Null where `bytes` begins with the name. */
  readonly name: EncoderName | null;
  readonly bytes: Uint8Array;
  /** Of the name in `bytes`. */
  readonly nameLength: number;
  readonly hash: number;
  readonly size: number;
  /** How many were added before. */
  readonly sequence: number;
  /** The next older one in the same bucket. */
  next: EncoderEntry | null = null;

  constructor(
    name: EncoderName | null,
    bytes: Uint8Array,
    nameLength: number,
    hash: number,
    sequence: number,
  ) {
    this.name = name;
    this.bytes = bytes;
    this.nameLength = nameLength;
    this.hash = hash;
    this.size = bytes.length + (name === null ? 0 : name.bytes.length) + ENTRY_OVERHEAD;
    this.sequence = sequence;
  }
}

const BUCKETS = 64;
const REMEMBERED = 64;
const PRIME = 0x01000193;

/** The encoder's dynamic table, which finds a field's entry. */
export class EncoderTable extends DynamicTable<EncoderEntry> {
  private readonly buckets: (EncoderEntry | null)[] = new Array(BUCKETS).fill(null);
  /** Hashes of fields that were sent once; where two meet, the later one stays. */
  private readonly sentOnce = new Int32Array(REMEMBERED);

  /**
   * The index of a field as of now, 0 where it isn't there. `name` is null for a name that is none of
   * the encoder's; then it is `nameBytes[0, nameLength)`, and otherwise nameLength is 0.
   */
  find(
    hash: number,
    name: EncoderName | null,
    nameBytes: Uint8Array,
    nameLength: number,
    value: Uint8Array,
    start: number,
    end: number,
  ): number {
    const length = nameLength + end - start;
    let entry = this.buckets[hash & (BUCKETS - 1)];
    for (; entry !== null; entry = entry.next) {
      if (entry.hash !== hash || entry.name !== name || entry.nameLength !== nameLength) continue;
      const { bytes } = entry;
      if (bytes.length !== length) continue;
      let i = 0;
      while (i < nameLength && bytes[i] === nameBytes[i]) i++;
      if (i < nameLength) continue;
      const offset = start - nameLength;
      while (i < length && bytes[i] === value[offset + i]) i++;
      if (i === length) return FIRST_DYNAMIC + this.added - 1 - entry.sequence;
    }
    return 0;
  }

  /** Adds a field that isn't there and fits. The table keeps `bytes`. */
  insert(hash: number, name: EncoderName | null, bytes: Uint8Array, nameLength: number): void {
    const entry = new EncoderEntry(name, bytes, nameLength, hash, this.added);
    this.add(entry);
    const bucket = hash & (BUCKETS - 1);
    entry.next = this.buckets[bucket];
    this.buckets[bucket] = entry;
  }

  /** True where this was last called with the same hash not long ago. */
  sentBefore(hash: number): boolean {
    const place = (hash >>> 8) & (REMEMBERED - 1);
    if (this.sentOnce[place] === hash) return true;
    this.sentOnce[place] = hash;
    return false;
  }

  protected override evicted(entry: EncoderEntry): void {
    const bucket = entry.hash & (BUCKETS - 1);
    let newer = this.buckets[bucket];
    if (newer === entry) {
      this.buckets[bucket] = null;
      return;
    }
    // The oldest entry of the table is the last one of its bucket.
    while (newer !== null && newer.next !== entry) newer = newer.next;
    if (newer !== null) newer.next = null;
  }
}

/** A hash of a few octets of a field: enough to find it, as it is compared then. */
export function quickHash(
  name: EncoderName | null,
  nameBytes: Uint8Array,
  nameLength: number,
  value: Uint8Array,
  start: number,
  end: number,
): number {
  // A known name is told apart well enough by its length and its index.
  let hash =
    name === null
      ? nameLength * 31 + nameBytes[nameLength - 1] + nameBytes[nameLength >> 1] * 64
      : name.bytes.length * 31 + name.index;
  const length = end - start;
  hash = Math.imul(hash ^ length, PRIME);
  if (length > 0) {
    hash = Math.imul(hash ^ value[start], PRIME);
    hash = Math.imul(hash ^ value[start + (length >> 1)], PRIME);
    hash = Math.imul(hash ^ value[end - 1], PRIME);
  }
  return hash ^ (hash >>> 15);
}

/** A hash of all octets of a field, which begins with `hash`. */
export function fullHash(
  hash: number,
  nameBytes: Uint8Array,
  nameLength: number,
  value: Uint8Array,
  start: number,
  end: number,
): number {
  for (let i = 0; i < nameLength; i++) hash = Math.imul(hash ^ nameBytes[i], PRIME);
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ value[i], PRIME);
  return hash;
}
