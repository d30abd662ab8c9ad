import { concatBytes } from "../../core/bytes.ts";
import {
  CLASS,
  decodeMessage,
  encodeRecord,
  rcodeName,
  TYPE,
  wordAt,
  words,
} from "./dns-message.ts";
import { decodeName, encodeName, fullyQualified } from "./dns-names.ts";

/** A key that two parties share to sign their messages (RFC 8945). */
export interface TsigKey {
  readonly name: string;
  /** One of TSIG_ALGORITHMS, with or without its final dot. */
  readonly algorithm: string;
  readonly secret: Uint8Array;
}

/** Algorithms (RFC 8945 section 6) by the hashes of WebCrypto, which has no MD5 and no SHA-224. */
const HASHES: Readonly<Record<string, string>> = {
  "hmac-sha1.": "SHA-1",
  "hmac-sha256.": "SHA-256",
  "hmac-sha384.": "SHA-384",
  "hmac-sha512.": "SHA-512",
};

export const TSIG_ALGORITHMS: readonly string[] = Object.keys(HASHES);

/** How far the clocks of two parties may differ, in seconds (RFC 8945 section 10). */
const FUDGE = 300;

export interface SignedMessage {
  readonly message: Uint8Array;
  /** For the check of the answer. */
  readonly mac: Uint8Array;
}

/** A message with a signature behind it. `now` in milliseconds since the epoch. */
export async function signMessage(
  message: Uint8Array,
  key: TsigKey,
  now = Date.now(),
): Promise<SignedMessage> {
  const time = timeBytes(Math.floor(now / 1000));
  const mac = await hmac(key, concatBytes([message, variables(key, time, FUDGE, 0)]));
  const data = concatBytes([
    encodeName(fullyQualified(key.algorithm), true),
    time,
    words(FUDGE, mac.length),
    mac,
    words(wordAt(message, 0), 0, 0),
  ]);
  const record = { name: key.name, type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data };
  const signed = concatBytes([message, encodeRecord(record)]);
  signed.set(words(wordAt(message, 10) + 1), 10);
  return { message: signed, mac };
}

/**
 * Checks that an answer was signed with the key that its request was. Rejects with an Error that says
 * what is wrong, in the server's words where it refused the request's own signature.
 */
export async function checkSignature(
  answer: Uint8Array,
  key: TsigKey,
  requestMac: Uint8Array,
  now = Date.now(),
): Promise<void> {
  const decoded = decodeMessage(answer);
  const record = decoded.additional.at(-1);
  if (record?.type !== TYPE.TSIG)
    throw new Error(`the server's answer (${rcodeName(decoded.rcode)}) is not signed`);
  const { data, offset } = record;
  const { name: algorithm, end } = decodeName(data, 0);
  const time = data.subarray(end, end + 6);
  const fudge = wordAt(data, end + 6);
  const macEnd = end + 10 + wordAt(data, end + 8);
  const mac = data.subarray(end + 10, macEnd);
  const error = wordAt(data, macEnd + 2);
  const other = data.subarray(macEnd + 6);
  if (error !== 0)
    throw new Error(`the server refused the signature: ${rcodeName(error)}${HINTS[error] ?? ""}`);
  if (
    record.name.toLowerCase() !== fullyQualified(key.name).toLowerCase() ||
    algorithm.toLowerCase() !== fullyQualified(key.algorithm).toLowerCase()
  )
    throw new Error(`the server's answer is signed with another key ("${record.name}")`);
  const bare = answer.slice(0, offset);
  bare.set(words(wordAt(data, macEnd)), 0);
  bare.set(words(wordAt(answer, 10) - 1), 10);
  const signed = concatBytes([
    words(requestMac.length),
    requestMac,
    bare,
    variables(key, time, fudge, error, other),
  ]);
  if (!(await verify(key, mac, signed)))
    throw new Error("the signature of the server's answer is wrong");
  if (Math.abs(secondsOf(time) - now / 1000) > fudge)
    throw new Error("the server's answer was signed at another time: the clocks differ");
}

const HINTS: Readonly<Record<number, string>> = {
  16: " (the secret is another one)",
  17: " (it has no key of that name and algorithm)",
  18: " (the clocks differ)",
};

/** What is signed besides the message (RFC 8945 section 4.3.3). */
function variables(
  key: TsigKey,
  time: Uint8Array,
  fudge: number,
  error: number,
  other: Uint8Array = new Uint8Array(),
): Uint8Array {
  return concatBytes([
    encodeName(key.name, true),
    words(CLASS.ANY, 0, 0),
    encodeName(fullyQualified(key.algorithm), true),
    time,
    words(fudge, error, other.length),
    other,
  ]);
}

function timeBytes(seconds: number): Uint8Array {
  const high = Math.floor(seconds / 0x100000000);
  const low = seconds % 0x100000000;
  return words(high, Math.floor(low / 0x10000), low % 0x10000);
}

function secondsOf(time: Uint8Array): number {
  return wordAt(time, 0) * 0x100000000 + wordAt(time, 2) * 0x10000 + wordAt(time, 4);
}

async function hmac(key: TsigKey, bytes: Uint8Array): Promise<Uint8Array> {
  const imported = await importKey(key);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, Uint8Array.from(bytes)));
}

async function verify(key: TsigKey, mac: Uint8Array, bytes: Uint8Array): Promise<boolean> {
  const imported = await importKey(key);
  return crypto.subtle.verify("HMAC", imported, Uint8Array.from(mac), Uint8Array.from(bytes));
}

function importKey({ algorithm, secret }: TsigKey): Promise<CryptoKey> {
  const hash = HASHES[fullyQualified(algorithm).toLowerCase()];
  if (hash === undefined)
    throw new Error(`expected one of ${TSIG_ALGORITHMS.join(", ")}, found "${algorithm}"`);
  const uses: KeyUsage[] = ["sign", "verify"];
  return crypto.subtle.importKey(
    "raw",
    Uint8Array.from(secret),
    { name: "HMAC", hash },
    false,
    uses,
  );
}
