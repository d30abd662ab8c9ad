import { base64url } from "../x509/base64url.ts";
import type { Key } from "../x509/key.ts";
import { KEY_TYPES } from "../x509/key-type.ts";

/** Who signs: an account by its URL, or a key that has none yet. */
export interface Signer {
  readonly key: Key;
  readonly accountUrl?: string;
}

/** A JWS in the flattened JSON form (RFC 7515 section 7.2.2), as RFC 8555 section 6.2 has it. */
export async function jws(
  { key, accountUrl }: Signer,
  protectedMembers: Readonly<Record<string, string>>,
  payload: string,
): Promise<string> {
  const who = accountUrl === undefined ? { jwk: key.jwk } : { kid: accountUrl };
  const header = { alg: KEY_TYPES[key.type].jws, ...who, ...protectedMembers };
  return flattened(header, payload, (bytes) => key.sign(bytes));
}

/**
 * What binds a new account to one that the authority knows (RFC 8555 section 7.3.4). Throws an Error
 * where the secret isn't base64.
 */
export async function externalAccountBinding(
  { kid, hmacEncoded }: { readonly kid: string; readonly hmacEncoded: string },
  key: Key,
  url: string,
): Promise<unknown> {
  const secret = await crypto.subtle.importKey(
    "raw",
    readBase64(hmacEncoded),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const text = await flattened(
    { alg: "HS256", kid, url },
    JSON.stringify(key.jwk),
    async (bytes) =>
      new Uint8Array(await crypto.subtle.sign("HMAC", secret, Uint8Array.from(bytes))),
  );
  return JSON.parse(text);
}

async function flattened(
  header: unknown,
  payload: string,
  sign: (bytes: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const protectedPart = base64url(JSON.stringify(header));
  const content = base64url(payload);
  const signature = await sign(new TextEncoder().encode(`${protectedPart}.${content}`));
  return JSON.stringify({
    protected: protectedPart,
    payload: content,
    signature: base64url(signature),
  });
}

/** Authorities give it in either alphabet, with padding or without. */
function readBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    const plain = text.trim().replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    return Uint8Array.fromBase64(plain, { alphabet: "base64url" });
  } catch {
    throw new Error("eab.hmacEncoded: expected base64url, found something else");
  }
}
