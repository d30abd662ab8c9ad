import { nearest } from "../../config/nearest.ts";
import type { DnsProviderFactory } from "./dns-provider.ts";

/** Providers by lego's names for them, which are Traefik's `dnsChallenge.provider`. */
export const DNS_PROVIDERS: Readonly<Record<string, DnsProviderFactory>> = {};

/** Throws an Error that names what there is where there is no such provider. */
export function dnsProviderFactory(
  name: string,
  table: Readonly<Record<string, DnsProviderFactory>> = DNS_PROVIDERS,
): DnsProviderFactory {
  const lower = name.toLowerCase();
  if (Object.hasOwn(table, lower)) return table[lower];
  const names = Object.keys(table).sort();
  const guess = nearest(lower, names);
  throw new Error(
    `expected one of ${names.join(", ")}, found "${name}"` +
      (guess === undefined ? "" : `; did you mean "${guess}"?`) +
      "; a provider that is not among them can be reached by exec, httpreq or a CNAME to acme-dns",
  );
}
