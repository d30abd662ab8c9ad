import type { HttpMiddlewareOptions } from "../../http-middleware.ts";
import { type ClaimFields, type Claims, claimAt, claimFields, claimHas } from "../jwt/claims.ts";

/** What a user who may pass is to the server and the log. */
export interface Permitted {
  readonly user: string;
  readonly fields: ClaimFields;
}

/**
 * Says of a user's claims whether they let a request pass: null where they don't. All that is configured must
 * hold. Throws where it can't be right.
 */
export function permission(
  options: HttpMiddlewareOptions<"oidc">,
): (claims: Claims) => Permitted | null {
  const required = Object.entries(options.requiredClaims ?? {});
  const emails = new Set((options.allowedEmails ?? []).map((text) => text.toLowerCase()));
  const groups = options.allowedGroups ?? [];
  const { groupsClaim = "groups", userClaim = "sub" } = options;
  for (const email of emails)
    if (!/^[^@\s]*@[^@\s]+$/.test(email))
      throw new Error(
        `oidc: allowedEmails: expected an address, or a domain as "@example.com", found "${email}"`,
      );
  const fields = claimFields(options.claimHeaders);
  const hasEmail = (claims: Claims): boolean => {
    const email = claimAt(claims, "email");
    const verified = claimAt(claims, "email_verified");
    // An address that the issuer says it didn't check may be any other user's.
    if (typeof email !== "string" || verified === false || verified === "false") return false;
    const lower = email.toLowerCase();
    return emails.has(lower) || emails.has(lower.slice(lower.lastIndexOf("@")));
  };
  return (claims) => {
    if (!required.every(([path, wanted]) => claimHas(claimAt(claims, path), wanted))) return null;
    if (emails.size > 0 && !hasEmail(claims)) return null;
    const own = claimAt(claims, groupsClaim);
    if (groups.length > 0 && !groups.some((group) => isMember(own, group))) return null;
    const user = claimAt(claims, userClaim);
    return { user: typeof user === "string" ? user : "", fields: fields(claims) };
  };
}

/** A group's name may have blanks: the words of a text are no groups. */
function isMember(groups: unknown, group: string): boolean {
  return Array.isArray(groups) ? groups.includes(group) : groups === group;
}
