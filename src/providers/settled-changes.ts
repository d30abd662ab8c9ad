/**
 * Collects what has changed until it has settled, and hands it on as one set, one set at a time: a
 * storm of events is one piece of work.
 */
export class SettledChanges {
  /** Hears of a failed piece of work; what changes after it is no longer handed on. */
  failed: (error: unknown) => void = () => {};
  private readonly settleTime: number;
  private readonly work: (changed: ReadonlySet<string>) => Promise<void>;
  private pending = new Set<string>();
  private working = false;

  /** `settleTime` in milliseconds. */
  constructor(settleTime: number, work: (changed: ReadonlySet<string>) => Promise<void>) {
    this.settleTime = settleTime;
    this.work = work;
  }

  add(what: string): void {
    this.pending.add(what);
    if (!this.working) void this.run();
  }

  private async run(): Promise<void> {
    this.working = true;
    try {
      while (this.pending.size > 0) {
        await new Promise((resolve) => setTimeout(resolve, this.settleTime));
        const changed = this.pending;
        this.pending = new Set();
        await this.work(changed);
      }
      this.working = false;
    } catch (error) {
      this.failed(error);
    }
  }
}
