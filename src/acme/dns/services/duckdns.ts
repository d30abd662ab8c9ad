import { withoutFinalDot } from "../../../net/dns/dns-names.ts";
import { ApiClient } from "../api/api-client.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import { DEFAULT_POLLING, pollingFrom } from "../polling.ts";

/**
 * Duck DNS, with a token. It has one TXT record for a subdomain and all names below it, so names come
 * one after another.
 * Source: lego's duckdns; Duck DNS "TXT record API".
 */
export const duckdns: DnsProviderFactory = async ({ env, httpClient }) => {
  const token = await env.required("DUCKDNS_TOKEN");
  const client = new ApiClient(
    {
      name: "duckdns",
      baseUrl: "https://www.duckdns.org",
      timeout: await env.seconds(30_000, "DUCKDNS_HTTP_TIMEOUT"),
      secrets: [token],
    },
    httpClient({}),
  );
  const update = async (fqdn: string, txt: string, clear: boolean, signal: AbortSignal) => {
    const domains = subdomainOf(fqdn);
    const query = { domains, token, clear: String(clear), txt };
    const { text } = await client.send("GET", "/update", { signal, query });
    if (text.trim() !== "OK")
      throw new Error(
        `duckdns: expected OK for ${domains}, found "${client.withoutSecrets(text).slice(0, 100)}": the token isn't that subdomain's`,
      );
  };
  return {
    ...(await pollingFrom(env, ["DUCKDNS"])),
    sequence: await env.seconds(DEFAULT_POLLING.timeout, "DUCKDNS_SEQUENCE_INTERVAL"),
    present: ({ fqdn, value }, signal) => update(fqdn, value, false, signal),
    cleanUp: ({ fqdn }, signal) => update(fqdn, "", true, signal),
  };
};

/** What Duck DNS gives to one account: `name.duckdns.org`. */
function subdomainOf(fqdn: string): string {
  const labels = withoutFinalDot(fqdn).toLowerCase().split(".").slice(-3);
  if (labels.length < 3 || labels.slice(1).join(".") !== "duckdns.org")
    throw new Error(`duckdns: expected a name below duckdns.org, found ${fqdn}`);
  return labels.join(".");
}
