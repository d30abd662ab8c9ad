import { nearest } from "../../config/nearest.ts";
import type { DnsProviderFactory } from "./dns-provider.ts";
import { acmeDns } from "./own/acme-dns.ts";
import { exec } from "./own/exec.ts";
import { httpreq } from "./own/httpreq.ts";
import { manual } from "./own/manual.ts";
import { pdns } from "./own/pdns.ts";
import { rfc2136 } from "./own/rfc2136.ts";
import { autodns } from "./services/autodns.ts";
import { azuredns } from "./services/azure/azuredns.ts";
import { cloudflare } from "./services/cloudflare.ts";
import { desec } from "./services/desec.ts";
import { digitalocean } from "./services/digitalocean.ts";
import { duckdns } from "./services/duckdns.ts";
import { gandiv5 } from "./services/gandiv5.ts";
import { gcloud } from "./services/google/gcloud.ts";
import { hetzner } from "./services/hetzner.ts";
import { namecheap } from "./services/namecheap.ts";
import { ovh } from "./services/ovh.ts";
import { route53 } from "./services/route53.ts";

/** Providers by lego's names for them, which are Traefik's `dnsChallenge.provider`. */
export const DNS_PROVIDERS: Readonly<Record<string, DnsProviderFactory>> = {
  "acme-dns": acmeDns,
  acmedns: acmeDns,
  autodns,
  azuredns,
  cloudflare,
  desec,
  digitalocean,
  dnsupdate: rfc2136,
  duckdns,
  exec,
  gandiv5,
  gcloud,
  hetzner,
  httpreq,
  manual,
  namecheap,
  ovh,
  pdns,
  rfc2136,
  route53,
};

/** Names that lego had before its version 5. */
const RENAMED: ReadonlyMap<string, string> = new Map([["azure", "azuredns"]]);

/** Throws an Error that names what there is where there is no such provider. */
export function dnsProviderFactory(
  name: string,
  table: Readonly<Record<string, DnsProviderFactory>> = DNS_PROVIDERS,
): DnsProviderFactory {
  const lower = name.toLowerCase();
  if (Object.hasOwn(table, lower)) return table[lower];
  const names = Object.keys(table).sort();
  const guess = RENAMED.get(lower) ?? nearest(lower, names);
  throw new Error(
    `expected one of ${names.join(", ")}, found "${name}"` +
      (guess === undefined ? "" : `; did you mean "${guess}"?`) +
      "; a provider that is not among them can be reached by exec, httpreq or a CNAME to acme-dns",
  );
}
