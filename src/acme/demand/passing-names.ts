/** Names that are kept at most; what came first goes first. */
const MOST = 4096;

/** Names that are kept for a time each, and not too many. */
export class PassingNames {
  private readonly until = new Map<string, number>();

  add(name: string, milliseconds: number): void {
    this.until.delete(name);
    if (this.until.size >= MOST) this.until.delete(this.until.keys().next().value!);
    this.until.set(name, Date.now() + milliseconds);
  }

  has(name: string): boolean {
    const until = this.until.get(name);
    if (until === undefined) return false;
    if (until > Date.now()) return true;
    this.until.delete(name);
    return false;
  }
}
