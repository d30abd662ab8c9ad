import type { JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from "jose";
import { messageOf } from "../../../../core/errors.ts";
import { RememberedCredentials } from "../remembered.ts";
import { type ClaimFields, type Claims, claimAt, claimHas } from "./claims.ts";
import type { KeySet } from "./key-set.ts";

/** What is known of a token that is good. */
export interface GoodToken {
  readonly user: string;
  readonly fields: ClaimFields;
}

/** Why a token isn't: "invalid" in itself, of a user that lacks something, or not to be checked now. */
export type TokenVerdict = GoodToken | "invalid" | "insufficient" | "unavailable";

export interface TokenRules {
  readonly verify: JWTVerifyOptions;
  readonly required: Readonly<Record<string, string>>;
  readonly userClaim: string;
  readonly fields: (claims: Claims) => ClaimFields;
}

/** A good token is good without a look at its signature for so long, in milliseconds, and no longer than it says. */
const REMEMBERED = 60_000;
const MOST_REMEMBERED = 10_000;
/** A longer token is none. */
const LONGEST = 16 * 1024;

/** Checks tokens (RFC 7519), and remembers for a minute those that were good. */
export class TokenCheck {
  private readonly keys: KeySet;
  private readonly rules: TokenRules;
  private readonly debug: (message: string) => void;
  private readonly digests = new RememberedCredentials();
  private readonly good = new Map<string, { readonly token: GoodToken; readonly until: number }>();

  /** `debug` hears why a token is refused. */
  constructor(keys: KeySet, rules: TokenRules, debug: (message: string) => void) {
    this.keys = keys;
    this.rules = rules;
    this.debug = debug;
  }

  verdict(token: string): TokenVerdict | Promise<TokenVerdict> {
    if (token.length > LONGEST) return "invalid";
    const key = this.digests.keyOf(token);
    const known = this.good.get(key);
    if (known !== undefined) {
      if (Date.now() < known.until) return known.token;
      this.good.delete(key);
    }
    return this.check(token, key);
  }

  private async check(token: string, key: string): Promise<TokenVerdict> {
    let claims: JWTPayload | null;
    try {
      claims = await this.verified(token);
    } catch (error) {
      this.debug(messageOf(error));
      return "invalid";
    }
    if (claims === null) return "unavailable";
    for (const [path, wanted] of Object.entries(this.rules.required)) {
      if (!claimHas(claimAt(claims, path), wanted)) {
        this.debug(`the claim "${path}" has no "${wanted}"`);
        return "insufficient";
      }
    }
    let good: GoodToken;
    try {
      const user = claimAt(claims, this.rules.userClaim);
      good = { user: typeof user === "string" ? user : "", fields: this.rules.fields(claims) };
    } catch {
      this.debug("a claim can't stand in a header");
      return "invalid";
    }
    if (this.good.size >= MOST_REMEMBERED) this.good.delete(this.good.keys().next().value!);
    const until = Math.min(Date.now() + REMEMBERED, claims.exp! * 1000);
    this.good.set(key, { token: good, until });
    return good;
  }

  /** The claims; null where there are no keys. Rejects where the token isn't good. */
  private async verified(token: string): Promise<JWTPayload | null> {
    const { errors } = await import("jose");
    let keys = await this.keys.keys(false);
    if (keys === null) return null;
    try {
      return await this.verifiedBy(keys, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // The server may have a new key by now.
      const before = keys;
      keys = await this.keys.keys(true);
      if (keys === null || keys === before) throw error;
      return this.verifiedBy(keys, token);
    }
  }

  private async verifiedBy(keys: JWTVerifyGetKey, token: string): Promise<JWTPayload> {
    const { errors, jwtVerify } = await import("jose");
    const { verify } = this.rules;
    try {
      return (await jwtVerify(token, keys, verify)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      // A token that doesn't say which of several keys it goes by.
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, verify)).payload;
        } catch (each) {
          if (!(each instanceof errors.JWSSignatureVerificationFailed)) throw each;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }
}
