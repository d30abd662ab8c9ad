import { authorityKeyIdentifier, serialBytes } from "../../tls/certificate.ts";
import { base64url } from "../x509/base64url.ts";
import { type AcmeClient, json } from "./acme-client.ts";
import { retryAfter } from "./retry-after.ts";

/** When an authority wants a certificate to be renewed (RFC 9773 section 4.2). Milliseconds since the epoch. */
export interface RenewalInfo {
  readonly start: number;
  readonly end: number;
  /** When to ask again. */
  readonly askAgain: number;
  /** For people: why, where it is said. */
  readonly explanationUrl?: string;
}

/** How often it is asked where the authority doesn't say, and what is taken of what it says. */
const USUAL = 6 * 3_600_000;
const SHORTEST = 60_000;

/**
 * The name of a certificate for its renewal (RFC 9773 section 4.1); undefined where the certificate
 * doesn't name its issuer's key.
 */
export function renewalIdentifier(certificate: Uint8Array): string | undefined {
  const authority = authorityKeyIdentifier(certificate);
  if (authority === undefined) return undefined;
  return `${base64url(authority)}.${base64url(serialBytes(certificate))}`;
}

/** Asks when to renew; undefined where the authority has no renewal information. */
export async function renewalInfo(
  client: AcmeClient,
  identifier: string,
  signal?: AbortSignal,
): Promise<RenewalInfo | undefined> {
  const { renewalInfo: base } = await client.directory();
  if (base === undefined) return undefined;
  const url = `${base.replace(/\/$/, "")}/${identifier}`;
  const { text, headers } = await client.get(url, signal);
  const { suggestedWindow, explanationURL } = json(url, text) as {
    readonly suggestedWindow?: { readonly start?: unknown; readonly end?: unknown };
    readonly explanationURL?: unknown;
  };
  const start = Date.parse(String(suggestedWindow?.start));
  const end = Date.parse(String(suggestedWindow?.end));
  if (Number.isNaN(start) || Number.isNaN(end) || end < start)
    throw new Error(`${url}: expected a window of time, found ${JSON.stringify(suggestedWindow)}`);
  const now = Date.now();
  const asked = retryAfter(headers["retry-after"], now) ?? now + USUAL;
  return {
    start,
    end,
    askAgain: Math.max(asked, now + SHORTEST),
    ...(typeof explanationURL === "string" && { explanationUrl: explanationURL }),
  };
}
