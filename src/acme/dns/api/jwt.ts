import { base64url } from "../../x509/base64url.ts";
import type { Key } from "../../x509/key.ts";

/** A JSON Web Token (RFC 7519) signed with an RSA key, RS256. Rejects where the key is of another kind. */
export async function signJwt(
  header: Readonly<Record<string, string>>,
  claims: Readonly<Record<string, unknown>>,
  key: Key,
): Promise<string> {
  if (!key.type.startsWith("RSA"))
    throw new Error(`expected an RSA key, found one of the kind ${key.type}`);
  const content = [{ alg: "RS256", typ: "JWT", ...header }, claims]
    .map((part) => base64url(JSON.stringify(part)))
    .join(".");
  const signature = await key.sign(new TextEncoder().encode(content));
  return `${content}.${base64url(signature)}`;
}
