/** A name that a public authority may have a certificate for, in lower case: two labels at least, no address. */
const NAME =
  /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,57}[a-z0-9])$/;

/** Names that no authority has (RFC 6761, RFC 6762, RFC 7686), and that of reverse look-ups. */
const SPECIAL = /\.(localhost|local|invalid|onion|arpa)$/;

/** Names that are kept so that each is told once. */
const MOST_NAMES = 2048;
/** After so long a name is told again: an answer to it may have changed. Milliseconds. */
const FORGET = 60_000;
/** Names that are told in a second, however many clients ask for. */
const MOST_A_SECOND = 20;

export function isOrderableName(name: string): boolean {
  return NAME.test(name) && !SPECIAL.test(name);
}

/**
 * Names that clients ask for in their ClientHellos and no certificate has, for resolvers with `onDemand`: each
 * is told once a minute, twenty a second at most. What is over that isn't told, and costs a comparison.
 */
export class DemandedNames {
  private readonly tell: (name: string) => void;
  private readonly now: () => number;
  private young = new Set<string>();
  private old = new Set<string>();
  private youngSince = Number.NEGATIVE_INFINITY;
  private secondSince = Number.NEGATIVE_INFINITY;
  private inSecond = 0;

  constructor(tell: (name: string) => void, now: () => number = () => performance.now()) {
    this.tell = tell;
    this.now = now;
  }

  /** `name` is in lower case; "" for none. */
  add(name: string): void {
    const now = this.now();
    if (now - this.secondSince >= 1000) {
      this.secondSince = now;
      this.inSecond = 0;
    }
    if (this.inSecond >= MOST_A_SECOND) return;
    if (now - this.youngSince >= FORGET / 2 || this.young.size >= MOST_NAMES / 2) {
      this.old = now - this.youngSince >= FORGET ? new Set() : this.young;
      this.young = new Set();
      this.youngSince = now;
    }
    if (this.young.has(name) || this.old.has(name) || !isOrderableName(name)) return;
    this.young.add(name);
    this.inSecond++;
    this.tell(name);
  }
}
