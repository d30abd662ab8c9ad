import type { Cells } from "../../../../core/counters/counters.ts";
import { sha256 } from "../../../../core/digests/sha256.ts";

/** How long a nonce is good for, in milliseconds. */
const LIFETIME = 10 * 60_000;

/** Random numbers of 32 bits that only this process knows. */
const SECRETS = 8;
/** Nonces in use are kept in buckets of so many, by their number. */
const WAYS = 8;
const BUCKETS = 256;
/** A nonce's number, when it was made, and the last count that came with it. */
const WAY_NUMBERS = 3;
/** When the last nonce was made that had to give way in the bucket, then the ways. */
const BUCKET_NUMBERS = 1 + WAYS * WAY_NUMBERS;

/** How many numbers `Nonces` needs. */
export const NONCE_CELLS = SECRETS + BUCKETS * BUCKET_NUMBERS;

/** Time in milliseconds, then a number that makes it the only one, then what proves both. */
const TIME_BYTES = 8;
const ID_BYTES = 6;
const PROOF_BYTES = 16;
const BYTES = TIME_BYTES + ID_BYTES + PROOF_BYTES;

const URL_ALPHABET = { alphabet: "base64url", omitPadding: true } as const;

/** What a nonce with its count is: good once, known already, or to be replaced by a new one. */
export type NonceVerdict = "good" | "replayed" | "stale" | "foreign";

/**
 * The nonces of Digest authentication (RFC 7616 section 3.3) for all workers of a process. A nonce proves
 * itself, so that questions without credentials take no memory. Only those that a user has answered are
 * remembered, with the last count: each count is good once. One that had to give way is stale.
 */
export class Nonces {
  private readonly cells: Cells;
  private readonly clock: () => number;
  private readonly secret = new Uint8Array(SECRETS * 4);

  /** `clock`: milliseconds that never go back, the same in all workers. */
  constructor(cells: Cells, clock: () => number) {
    this.cells = cells;
    this.clock = clock;
    cells.locked(() => {
      const { numbers } = cells;
      if (numbers[0] === 0) {
        const random = crypto.getRandomValues(new Uint32Array(SECRETS));
        // 0 says that there is none yet.
        for (let i = 0; i < SECRETS; i++) numbers[i] = random[i] || 1;
      }
      const view = new DataView(this.secret.buffer);
      for (let i = 0; i < SECRETS; i++) view.setUint32(i * 4, numbers[i]);
    });
  }

  create(): string {
    const bytes = new Uint8Array(BYTES);
    new DataView(bytes.buffer).setFloat64(0, this.clock());
    crypto.getRandomValues(bytes.subarray(TIME_BYTES, TIME_BYTES + ID_BYTES));
    bytes.set(this.proof(bytes), TIME_BYTES + ID_BYTES);
    return bytes.toBase64(URL_ALPHABET);
  }

  /** Another text that only this process's workers know. */
  get opaque(): string {
    return this.digest(new TextEncoder().encode("opaque")).toBase64(URL_ALPHABET);
  }

  /** To be asked for a nonce whose answer was right; `count` is its nc, which is good no second time then. */
  use(nonce: string, count: number): NonceVerdict {
    const made = this.read(nonce);
    if (made === null) return "foreign";
    const now = this.clock();
    if (now - made.time > LIFETIME) return "stale";
    return this.cells.locked(() => this.count(made.time, made.id, count, now));
  }

  private count(time: number, id: number, count: number, now: number): NonceVerdict {
    const { numbers } = this.cells;
    const bucket = SECRETS + (id % BUCKETS) * BUCKET_NUMBERS;
    let oldest = bucket + 1;
    for (let i = 0; i < WAYS; i++) {
      const way = bucket + 1 + i * WAY_NUMBERS;
      if (numbers[way] === id && numbers[way + 1] === time) {
        const last = numbers[way + 2];
        if (count === last) return "replayed";
        if (count < last) return "stale";
        numbers[way + 2] = count;
        return "good";
      }
      if (numbers[way + 1] < numbers[oldest + 1]) oldest = way;
    }
    // It may be one that gave way, whose counts aren't known any more.
    if (time <= numbers[bucket]) return "stale";
    const gone = numbers[oldest + 1];
    if (gone !== 0 && now - gone <= LIFETIME) numbers[bucket] = Math.max(numbers[bucket], gone);
    // Those that gave way before may be younger than this one.
    if (time <= numbers[bucket]) return "stale";
    numbers[oldest] = id;
    numbers[oldest + 1] = time;
    numbers[oldest + 2] = count;
    return "good";
  }

  private read(nonce: string): { readonly time: number; readonly id: number } | null {
    let bytes: Uint8Array;
    try {
      bytes = Uint8Array.fromBase64(nonce, { alphabet: "base64url" });
    } catch {
      return null;
    }
    if (bytes.length !== BYTES) return null;
    const proof = this.proof(bytes);
    let difference = 0;
    for (let i = 0; i < PROOF_BYTES; i++) difference |= proof[i] ^ bytes[TIME_BYTES + ID_BYTES + i];
    if (difference !== 0) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const id = view.getUint16(TIME_BYTES) * 2 ** 32 + view.getUint32(TIME_BYTES + 2);
    return { time: view.getFloat64(0), id };
  }

  private proof(bytes: Uint8Array): Uint8Array {
    return this.digest(bytes.subarray(0, TIME_BYTES + ID_BYTES)).subarray(0, PROOF_BYTES);
  }

  /** A keyed digest: HMAC (RFC 2104) with a key of half a block. */
  private digest(bytes: Uint8Array): Uint8Array {
    const inner = this.padded(0x36, bytes);
    return sha256(this.padded(0x5c, sha256(inner)));
  }

  private padded(pad: number, bytes: Uint8Array): Uint8Array {
    const block = new Uint8Array(64 + bytes.length).fill(pad, 0, 64);
    for (let i = 0; i < this.secret.length; i++) block[i] ^= this.secret[i];
    block.set(bytes, 64);
    return block;
  }
}
