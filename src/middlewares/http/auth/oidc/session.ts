import type { Claims } from "../jwt/claims.ts";

/** What the sealed cookie of a user who is logged in has. Times are seconds since the epoch. */
export interface Session {
  /** The same over all its renewals; nothing else has it. */
  readonly id: string;
  /** How often it was renewed. */
  readonly turn: number;
  /** As the issuer signed it: its claims are the user's. */
  readonly idToken: string;
  /** Claims from the issuer's UserInfo endpoint. */
  readonly more?: Claims;
  readonly refreshToken?: string;
  /** When the login was. */
  readonly begun: number;
  /** From when on it is to be renewed, where it can be. */
  readonly renewFrom: number;
  /** From when on it counts no more. */
  readonly ends: number;
}

/** What an answer of the token endpoint says, as far as a session goes by it. */
export interface Tokens {
  readonly id_token?: string | undefined;
  readonly refresh_token?: string | undefined;
  readonly expiresIn: () => number | undefined;
  readonly claims: () => { readonly exp: number; readonly sub: string } | undefined;
}

/** How long a session lasts whose tokens don't say it, in seconds. */
const UNSAID = 300;
/** A session is renewed so long before its end, or when three quarters of its time are over. Seconds. */
const AHEAD = 60;

export const seconds = (): number => Math.floor(Date.now() / 1000);

/** A session out of the tokens of a login, or of a renewal of `before`. */
export function sessionOf(tokens: Tokens, before?: Session, more?: Claims): Session {
  const now = seconds();
  const claims = tokens.claims();
  const life = tokens.expiresIn() ?? (claims === undefined ? UNSAID : claims.exp - now);
  const refreshToken = tokens.refresh_token ?? before?.refreshToken;
  const known = more ?? before?.more;
  return {
    id: before?.id ?? crypto.randomUUID(),
    turn: (before?.turn ?? -1) + 1,
    idToken: tokens.id_token ?? before?.idToken ?? "",
    ...(known !== undefined && { more: known }),
    ...(refreshToken !== undefined && { refreshToken }),
    begun: before?.begun ?? now,
    renewFrom: now + Math.max(life - AHEAD, Math.floor((life * 3) / 4)),
    ends: now + life,
  };
}

/** The user's claims. The token was looked at when it came, and has been sealed since. */
export function claimsOf({ idToken, more }: Session): Claims {
  const [, payload = ""] = idToken.split(".");
  const bytes = Uint8Array.fromBase64(payload, { alphabet: "base64url" });
  return { ...more, ...(JSON.parse(new TextDecoder().decode(bytes)) as Claims) };
}

/** A login that a browser has begun. */
export interface Login {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Path and query that the user wanted. */
  readonly target: string;
  readonly begun: number;
}
