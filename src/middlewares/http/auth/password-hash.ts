import { concatBytes } from "../../../core/bytes.ts";
import { md5 } from "../../../core/digests/md5.ts";

/** The kinds of password hashes that htpasswd makes and Traefik takes. */
export type PasswordHashKind = "bcrypt" | "sha1" | "md5-crypt";

const BCRYPT = /^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$/;
const SHA1 = /^\{SHA\}[A-Za-z0-9+/]{27}=$/;
const MD5_CRYPT = /^\$(?:apr1|1)\$[^$]{0,8}\$[./0-9A-Za-z]{22}$/;

/** What kind of hash that is; undefined for one that no password matches. */
export function passwordHashKind(hash: string): PasswordHashKind | undefined {
  if (BCRYPT.test(hash)) return "bcrypt";
  if (SHA1.test(hash)) return "sha1";
  return MD5_CRYPT.test(hash) ? "md5-crypt" : undefined;
}

/** A password, as text of one code unit for each octet, and the hash that it may fit. */
export interface PasswordQuestion {
  readonly password: string;
  readonly hash: string;
}

/**
 * Whether a password fits a hash. Takes as long as the hash was made to take, with the thread: it is a task for
 * a worker. Source: Traefik's pkg/middlewares/auth/basic_auth.go (go-http-auth's basic.go and md5crypt.go).
 */
export async function passwordFits({ password, hash }: PasswordQuestion): Promise<boolean> {
  const bytes = Uint8Array.from(password, (character) => character.charCodeAt(0));
  switch (passwordHashKind(hash)) {
    case "bcrypt":
      return bcryptFits(bytes, hash);
    case "sha1": {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", bytes));
      return sameText(`{SHA}${digest.toBase64()}`, hash);
    }
    case "md5-crypt": {
      const [, magic, salt] = hash.split("$");
      return sameText(md5Crypt(bytes, salt, `$${magic}$`), hash);
    }
    case undefined:
      return false;
  }
}

async function bcryptFits(password: Uint8Array, hash: string): Promise<boolean> {
  const { compareSync } = await import("bcryptjs");
  let text: string;
  try {
    // The library takes text, of which it makes these bytes again. Others it can't be given.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(password);
  } catch {
    return false;
  }
  // $2x$ marks hashes of an old mistake with octets above 0x7f; Go's library reads it as $2a$.
  return compareSync(text, hash.replace(/^\$2x/, "$2a"));
}

const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The order in which the digest's octets become text, three by three. */
const TRIPLES = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

/** MD5-crypt, FreeBSD's and, with the magic "$apr1$", Apache's. */
function md5Crypt(password: Uint8Array, salt: string, magic: string): string {
  const octets = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const salted = octets(salt);
  const inner = md5(concatBytes([password, salted, password]));
  const parts = [password, octets(magic), salted];
  for (let left = password.length; left > 0; left -= 16) parts.push(inner.subarray(0, left));
  for (let bits = password.length; bits > 0; bits >>= 1)
    parts.push((bits & 1) === 1 ? new Uint8Array(1) : password.subarray(0, 1));
  let digest = md5(concatBytes(parts));
  for (let round = 0; round < 1000; round++) {
    const odd = round % 2 === 1;
    const mixed = [odd ? password : digest];
    if (round % 3 !== 0) mixed.push(salted);
    if (round % 7 !== 0) mixed.push(password);
    mixed.push(odd ? digest : password);
    digest = md5(concatBytes(mixed));
  }
  let text = "";
  const add = (value: number, count: number) => {
    for (let i = 0; i < count; i++) text += ALPHABET[(value >> (6 * i)) & 63];
  };
  for (const [a, b, c] of TRIPLES) add((digest[a] << 16) | (digest[b] << 8) | digest[c], 4);
  add(digest[11], 2);
  return `${magic}${salt}$${text}`;
}

/** Compares in a time that doesn't tell where the texts differ. */
function sameText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
