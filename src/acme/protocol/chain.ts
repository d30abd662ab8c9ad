import { issuerCommonName } from "../../tls/certificate.ts";
import { pemText, readPemBlocks } from "../../tls/pem.ts";
import type { AcmeClient } from "./acme-client.ts";
import type { Signer } from "./jws.ts";

/** Chains that an authority offers besides its first. */
const MOST_ALTERNATES = 8;

/**
 * The chain of a certificate in PEM: the one whose last certificate was issued by `preferred`, else
 * the authority's first (RFC 8555 section 7.4.2). Source of what is compared: lego's hasPreferredChain.
 */
export async function downloadChain(
  url: string,
  preferred: string,
  {
    client,
    signer,
    signal,
  }: { readonly client: AcmeClient; readonly signer: Signer; readonly signal: AbortSignal },
): Promise<string> {
  const { text, headers } = await client.post(url, signer, undefined, signal);
  const first = chainOf(url, text);
  if (preferred === "" || leadsTo(first, preferred)) return first;
  for (const alternate of alternatesOf(headers["link"] ?? "", url)) {
    const chain = chainOf(
      alternate,
      (await client.post(alternate, signer, undefined, signal)).text,
    );
    if (leadsTo(chain, preferred)) return chain;
  }
  return first;
}

/** Each certificate once more in PEM, and nothing else. Throws where there is none. */
function chainOf(url: string, text: string): string {
  const blocks = readPemBlocks(text).filter(({ label }) => label === "CERTIFICATE");
  if (blocks.length === 0) throw new Error(`${url}: expected certificates in PEM, found none`);
  return blocks.map(({ label, bytes }) => pemText(label, bytes)).join("\n");
}

function leadsTo(chain: string, name: string): boolean {
  return issuerCommonName(readPemBlocks(chain).at(-1)!.bytes) === name;
}

/** Of Link fields (RFC 8288): those with rel="alternate". */
function alternatesOf(link: string, base: string): string[] {
  const found = Array.from(
    link.matchAll(/<([^>]{1,2000})>\s*;[^,]*\brel="?alternate"?/g),
    ([, target]) => new URL(target, base).href,
  );
  return found.slice(0, MOST_ALTERNATES);
}
