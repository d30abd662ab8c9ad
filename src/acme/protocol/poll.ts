import { pause } from "../../core/loop/pause.ts";
import { type AcmeClient, json } from "./acme-client.ts";
import { AcmeError } from "./acme-error.ts";
import type { Signer } from "./jws.ts";
import { retryAfter } from "./retry-after.ts";

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;
/** An authority that says longer is asked again by then. */
const LONGEST_RETRY_AFTER = 30_000;

/** A resource of an authority's with a status: an order, an authorization. */
export interface Resource {
  readonly status: string;
}

/**
 * Asks for a resource again and again until `done` says so, as often as the authority wants it
 * (RFC 8555 section 7.5.1). Rejects after `patience` milliseconds, with what it was last.
 */
export async function poll<T extends Resource>(
  client: AcmeClient,
  url: string,
  signer: Signer,
  done: (resource: T) => boolean,
  patience: number,
  signal: AbortSignal,
): Promise<T> {
  const end = Date.now() + patience;
  for (let wait = FIRST_PAUSE; ; wait = Math.min(LONGEST_PAUSE, wait * 1.5)) {
    const ask = () => client.post(url, signer, undefined, signal);
    const { text, headers } = await whenItHasTime(ask, end, signal);
    const resource = json(url, text) as T;
    if (typeof resource?.status !== "string")
      throw new Error(`${url}: expected a status, found ${JSON.stringify(text.slice(0, 60))}`);
    if (done(resource)) return resource;
    const now = Date.now();
    if (now >= end)
      throw new Error(
        `${url} is still "${resource.status}" after ${Math.round(patience / 1000)} s`,
      );
    const wanted = retryAfter(headers["retry-after"], now);
    const next = wanted === undefined ? wait : Math.min(wanted - now, LONGEST_RETRY_AFTER);
    await pause(Math.max(FIRST_PAUSE, Math.min(next, end - now)), signal);
  }
}

/**
 * Asks again what an authority answers 429 or 503 with a Retry-After: as late as that says, while it is before
 * `end` (milliseconds since the epoch). For what goes on with an order that it has accepted already. Rejects as
 * `ask` does otherwise.
 */
export async function whenItHasTime<T>(
  ask: () => Promise<T>,
  end: number,
  signal: AbortSignal,
): Promise<T> {
  for (let wait = FIRST_PAUSE; ; wait = Math.min(LONGEST_PAUSE, wait * 2)) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof AcmeError) || !error.hasNoTime) throw error;
      const at = Math.max(error.retryAt ?? end, Date.now() + wait);
      if (at >= end) throw error;
      await pause(at - Date.now(), signal);
    }
  }
}
