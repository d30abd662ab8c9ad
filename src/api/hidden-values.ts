/** What stands for a secret. */
const HIDDEN = "xxxx";

const SECRETS: ReadonlySet<string> = new Set(["secret", "clientSecret", "password"]);

/**
 * An element as the API may show it: no reader can sign tokens, read a database or pass for the owner of a
 * certificate with it. Hidden are `secret`, `clientSecret` and `password` wherever they are, and private keys that are
 * written in the configuration.
 */
export function withHiddenSecrets(value: unknown, name = ""): unknown {
  if (typeof value === "string")
    return SECRETS.has(name) || value.includes("PRIVATE KEY-----") ? HIDDEN : value;
  if (Array.isArray(value)) return value.map((member) => withHiddenSecrets(member, name));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, withHiddenSecrets(member, key)]),
  );
}
