import { canonicalFieldName, fieldText } from "../../headers/field-edits.ts";

/** What a token says, once it is known to be good. */
export type Claims = Readonly<Record<string, unknown>>;

/** The claim at a path such as "realm_access.roles"; undefined where there is none. */
export function claimAt(claims: Claims, path: string): unknown {
  // A name with dots is a claim's name as well ("https://example.com/role").
  if (Object.hasOwn(claims, path)) return claims[path];
  let at: unknown = claims;
  for (const name of path.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** True where a claim is that text, a number or a truth value of that text, or has it among its members or words. */
export function claimHas(value: unknown, wanted: string): boolean {
  if (Array.isArray(value)) return value.some((member) => String(member) === wanted);
  if (typeof value === "string") return value === wanted || value.split(" ").includes(wanted);
  return (typeof value === "number" || typeof value === "boolean") && String(value) === wanted;
}

/** Fields for the server, by their names: null for one whose claim the token lacks. */
export type ClaimFields = readonly (readonly [name: string, value: string | null])[];

/**
 * Makes fields of claims: text as UTF-8, lists of simple values joined by commas, others as JSON. What it returns
 * throws a TypeError on text that can't stand in a field. Throws where a name is none.
 */
export function claimFields(
  map: Readonly<Record<string, string>> = {},
): (claims: Claims) => ClaimFields {
  const wanted = Object.entries(map).map(
    ([name, path]) => [canonicalFieldName(name), path] as const,
  );
  return (claims) =>
    wanted.map(([name, path]) => {
      const value = claimAt(claims, path);
      return [name, value === undefined || value === null ? null : fieldText(claimText(value))];
    });
}

function claimText(value: unknown): string {
  if (Array.isArray(value) && value.every((member) => typeof member !== "object"))
    return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
