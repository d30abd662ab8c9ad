/** FNV-1a with 64 bits, in two halves: a hash that can be gone on with from where it stands. */
export class Fnv {
  private high = 0;
  private low = 0;

  /** At the beginning. */
  start(): this {
    this.high = 0xcbf29ce4;
    this.low = 0x84222325;
    return this;
  }

  /** Where another one stands. */
  from(other: Fnv): this {
    this.high = other.high;
    this.low = other.low;
    return this;
  }

  /** Adds bytes, one a character. */
  add(bytes: string): this {
    let { high, low } = this;
    for (let i = 0; i < bytes.length; i++) {
      low = (low ^ bytes.charCodeAt(i)) >>> 0;
      // The prime is 2^40 + 0x1b3.
      const product = low * 0x1b3;
      high = (high * 0x1b3 + Math.floor(product / 2 ** 32) + ((low << 8) >>> 0)) % 2 ** 32;
      low = product % 2 ** 32;
    }
    this.high = high;
    this.low = low;
    return this;
  }

  /** The hash itself, for those who compare. */
  get value(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  /**
   * From 0 to 1, evenly spread: texts that differ in their last character have hashes that are nearly
   * equal, so that the bits are mixed once more (MurmurHash3's finalizer).
   */
  get share(): number {
    const low = mixed(this.low ^ mixed(this.high));
    return mixed(this.high ^ low) / 2 ** 32 + low / 2 ** 64;
  }
}

function mixed(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
