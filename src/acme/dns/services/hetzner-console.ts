import { nameInZone, withoutFinalDot } from "../../../net/dns/dns-names.ts";
import { ApiClient, ApiError, pathOf } from "../api/api-client.ts";
import { jsonField } from "../api/json-field.ts";
import type { DnsContext, DnsProvider } from "../dns-provider.ts";
import { DEFAULT_TTL, pollingFrom } from "../polling.ts";

interface Zone {
  readonly id: string;
  readonly name: string;
}

interface ConsoleRecord {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly value: string;
}

/** Hetzner's old DNS Console (dns.hetzner.com), which the Cloud API replaces. Source: lego's hetzner. */
export async function hetznerConsole(
  { env, resolution, httpClient }: DnsContext,
  key: string,
): Promise<DnsProvider> {
  const ttl = await env.integer(DEFAULT_TTL, "HETZNER_TTL");
  const client = new ApiClient(
    {
      name: "hetzner",
      baseUrl: "https://dns.hetzner.com/api/v1",
      timeout: await env.seconds(30_000, "HETZNER_HTTP_TIMEOUT"),
      secrets: [key],
      headers: { "Auth-API-Token": key },
      explain: ({ text }) => jsonField(text, "error", "message") ?? jsonField(text, "message"),
    },
    httpClient({}),
  );

  const zoneFor = async (fqdn: string, signal: AbortSignal) => {
    const zone = await resolution.zoneOf(fqdn, signal);
    const name = withoutFinalDot(zone);
    const { zones } = await client
      .json<{ readonly zones: readonly Zone[] }>("GET", "/zones", { signal, query: { name } })
      .catch((error: unknown) => {
        // The Console's answer to a name that it doesn't know.
        if (error instanceof ApiError && error.status === 404) return { zones: [] };
        throw error;
      });
    const found = zones.find((known) => known.name === name);
    if (found === undefined) throw new Error(`hetzner: there is no zone "${name}"`);
    return { id: found.id, subdomain: nameInZone(fqdn, zone) };
  };

  return {
    ...(await pollingFrom(env, ["HETZNER"])),
    async present(record, signal) {
      const { id, subdomain } = await zoneFor(record.fqdn, signal);
      const json = { type: "TXT", name: subdomain, value: record.value, ttl, zone_id: id };
      await client.send("POST", "/records", { signal, json });
    },
    async cleanUp(record, signal) {
      const { id, subdomain } = await zoneFor(record.fqdn, signal);
      const { records } = await client.json<{ readonly records: readonly ConsoleRecord[] }>(
        "GET",
        "/records",
        { signal, query: { zone_id: id } },
      );
      const found = records.find(
        ({ type, name, value }) => type === "TXT" && name === subdomain && value === record.value,
      );
      if (found === undefined) throw new Error(`hetzner: there is no record of ${record.fqdn}`);
      await client.send("DELETE", pathOf("records", found.id), { signal });
    },
  };
}
