/**
 * The entries of a dynamic table, first in, first out (RFC 7541 sections 2.3.2 and 4), as a ring.
 * Sizes are those of RFC 7541 section 4.1.
 */
export class DynamicTable<Entry extends { readonly size: number }> {
  /** The most that the entries' sizes may add up to. */
  capacity: number;
  size = 0;
  count = 0;
  /** All entries that were ever added. */
  added = 0;
  /** Of a length that is a power of two: entry number `n` is at `n & mask`. */
  private ring: (Entry | undefined)[] = new Array(SMALLEST).fill(undefined);
  private mask = SMALLEST - 1;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** The entry before which `age` others are newer, 0 for the newest; undefined where there is none (also for an age below 0). */
  get(age: number): Entry | undefined {
    return age >= 0 && age < this.count ? this.ring[(this.added - 1 - age) & this.mask] : undefined;
  }

  /** Adds an entry that isn't above the capacity, and drops old ones to make room. */
  add(entry: Entry): void {
    this.shrinkTo(this.capacity - entry.size);
    if (this.count > this.mask) this.grow();
    this.ring[this.added++ & this.mask] = entry;
    this.count++;
    this.size += entry.size;
  }

  /** Changes the capacity and drops what is above it. */
  resize(capacity: number): void {
    this.capacity = capacity;
    this.shrinkTo(capacity);
  }

  /** What an entry above the capacity does to the table (RFC 7541 section 4.4). */
  clear(): void {
    this.shrinkTo(0);
  }

  private shrinkTo(size: number): void {
    while (this.count > 0 && this.size > size) {
      const place = (this.added - this.count) & this.mask;
      const oldest = this.ring[place]!;
      this.ring[place] = undefined;
      this.count--;
      this.size -= oldest.size;
      this.evicted(oldest);
    }
  }

  /** Hears of each entry that was dropped. */
  protected evicted(_entry: Entry): void {}

  private grow(): void {
    const { ring, mask, added } = this;
    this.mask = mask * 2 + 1;
    this.ring = new Array(this.mask + 1).fill(undefined);
    for (let n = added - this.count; n < added; n++) this.ring[n & this.mask] = ring[n & mask];
  }
}

const SMALLEST = 16;
