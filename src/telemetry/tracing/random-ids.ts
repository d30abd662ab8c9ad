const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** How many ids share their first half. */
const SHARED = 4096;

/**
 * Ids of traces and spans. They have to be unlike others, not secret: a generator (xoshiro128**) that is
 * seeded by the system costs a hundredth of asking the system each time.
 */
export class RandomIds {
  private readonly state = crypto.getRandomValues(new Uint32Array(4));
  private prefix = "";
  private left = 0;

  /** 32 random bits. */
  next(): number {
    const { state } = this;
    const times = Math.imul(state[1], 5);
    const result = Math.imul((times << 7) | (times >>> 25), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = (state[3] << 11) | (state[3] >>> 21);
    return result;
  }

  /** A span's id: 16 digits. */
  span(): string {
    return hex(this.next()) + hex(this.next() | 1);
  }

  /** A trace's id: 32 digits, of which `decider` are the first eight of the second half. */
  trace(decider: number): string {
    if (this.left-- <= 0) {
      this.prefix = hex(this.next()) + hex(this.next() | 1);
      this.left = SHARED;
    }
    return this.prefix + hex(decider) + hex(this.next() | 1);
  }
}

function hex(value: number): string {
  return (
    HEX[value >>> 24] + HEX[(value >>> 16) & 0xff] + HEX[(value >>> 8) & 0xff] + HEX[value & 0xff]
  );
}
