import { type BucketLimit, type TokenBuckets, takeToken } from "./token-bucket.ts";

/** Keys that are remembered. */
const MOST = 65_536;
/** Old keys that are looked at with each taking, so that full buckets go. */
const SWEEP = 2;

/** The buckets of a process with one worker. Beyond 65,536 that of the key that came longest ago goes. */
export class LocalBuckets implements TokenBuckets {
  private readonly clock: () => number;
  /** When each will be full again; the key that came last is last. */
  private readonly fullAt = new Map<string, number>();

  /** `clock`: milliseconds that never go back. */
  constructor(clock: () => number) {
    this.clock = clock;
  }

  get size(): number {
    return this.fullAt.size;
  }

  take(key: string, limit: BucketLimit): number {
    const now = this.clock();
    const before = this.fullAt.get(key) ?? 0;
    const { wait, fullAt } = takeToken(before, now, limit);
    if (before !== 0) this.fullAt.delete(key);
    else this.makeRoom(now);
    if (fullAt !== undefined || before !== 0) this.fullAt.set(key, fullAt ?? before);
    return wait;
  }

  private makeRoom(now: number): void {
    let left = SWEEP;
    for (const [key, fullAt] of this.fullAt) {
      if (fullAt > now && this.fullAt.size < MOST) break;
      this.fullAt.delete(key);
      if (--left === 0) break;
    }
  }
}
