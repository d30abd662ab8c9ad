import type { SharedCounters } from "../../../../core/counters/counters.ts";
import type { Deadlines, Expiring } from "../../../../core/timers.ts";
import type { Issuer } from "./issuer.ts";
import { type Session, seconds, sessionOf } from "./session.ts";

/**
 * How long a renewal is remembered, in milliseconds: requests that the browser sent before it had the new
 * cookie come with the old one, whose refresh token no issuer takes twice.
 */
const REMEMBERED = 30_000;

/** What becomes of a session that was to be renewed: a new one, "over", or "away" where the issuer can't say. */
export type Renewal = Session | "over" | "away";

/** Renews sessions by their refresh tokens (RFC 6749 section 6), one request for a session at a time. */
export class Renewals {
  private readonly issuer: Issuer;
  private readonly deadlines: Deadlines;
  private readonly counts: ReturnType<SharedCounters["counts"]>;
  private readonly known = new Map<string, Remembered>();

  /** `name`: the middleware's. */
  constructor(issuer: Issuer, deadlines: Deadlines, counters: SharedCounters, name: string) {
    this.issuer = issuer;
    this.deadlines = deadlines;
    this.counts = counters.counts(`${name} renewals`);
  }

  /** "elsewhere": another worker has just done it, or does it, and its answer will have the new session. */
  async renew(session: Session): Promise<Renewal | "elsewhere"> {
    const key = `${session.id} ${session.turn}`;
    const known = this.known.get(key);
    if (known !== undefined) return known.renewal;
    if (!this.counts.raise(key, 1)) return "elsewhere";
    const forget = () => {
      this.counts.lower(key);
      this.known.delete(key);
    };
    const remembered = new Remembered(this.ask(session), this.deadlines, forget);
    this.known.set(key, remembered);
    const renewal = await remembered.renewal;
    // The issuer may answer the next time.
    if (renewal === "away") remembered.end();
    else remembered.wait(REMEMBERED);
    return renewal;
  }

  stop(): void {
    for (const remembered of [...this.known.values()]) remembered.end();
  }

  private async ask(session: Session): Promise<Renewal> {
    const configuration = await this.issuer.configuration();
    if (configuration === null) return "away";
    const openid = await import("openid-client");
    try {
      const tokens = await openid.refreshTokenGrant(configuration, session.refreshToken!);
      this.issuer.answered();
      const renewed = sessionOf(tokens, session);
      const claims = tokens.claims();
      // A token of another user's (OpenID Connect Core section 12.2), or one that is over already.
      if (claims !== undefined && claims.sub !== subjectOf(session)) return "over";
      return renewed.ends > seconds() ? renewed : "over";
    } catch (error) {
      if (error instanceof openid.ResponseBodyError && error.status < 500) return "over";
      this.issuer.failed(error);
      return "away";
    }
  }
}

function subjectOf({ idToken }: Session): unknown {
  const payload = Uint8Array.fromBase64(idToken.split(".")[1], { alphabet: "base64url" });
  return (JSON.parse(new TextDecoder().decode(payload)) as { sub?: unknown }).sub;
}

class Remembered implements Expiring {
  deadline = Number.POSITIVE_INFINITY;
  readonly renewal: Promise<Renewal>;
  private readonly deadlines: Deadlines;
  private readonly forget: () => void;
  private over = false;

  constructor(renewal: Promise<Renewal>, deadlines: Deadlines, forget: () => void) {
    this.renewal = renewal;
    this.deadlines = deadlines;
    this.forget = forget;
  }

  wait(milliseconds: number): void {
    if (this.over) return;
    this.deadlines.add(this);
    this.deadline = this.deadlines.after(milliseconds);
  }

  expired(): void {
    this.end();
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    this.deadlines.remove(this);
    this.forget();
  }
}
