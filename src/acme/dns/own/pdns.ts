import { fullyQualified } from "../../../net/dns/dns-names.ts";
import { ApiClient, pathOf } from "../api/api-client.ts";
import { jsonField } from "../api/json-field.ts";
import { Turns } from "../api/turns.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import type { DnsRecord } from "../dns-record.ts";
import { DEFAULT_TTL, pollingFrom } from "../polling.ts";

interface Content {
  readonly content: string;
  readonly disabled: boolean;
}

interface Zone {
  readonly id: string;
  readonly kind: string;
  readonly rrsets: readonly {
    readonly name: string;
    readonly type: string;
    readonly records: readonly Content[];
  }[];
}

/**
 * The HTTP API of a PowerDNS server, with its key.
 * Source: lego's pdns; PowerDNS Authoritative Server "Zones endpoint". Servers before version 4, whose API
 * had no version, are not asked.
 */
export const pdns: DnsProviderFactory = async ({ env, resolution, httpClient, logger }) => {
  const key = await env.required("PDNS_API_KEY");
  const url = await env.required("PDNS_API_URL");
  const server = (await env.optional("PDNS_SERVER_NAME")) ?? "localhost";
  const ttl = await env.integer(DEFAULT_TTL, "PDNS_TTL");
  let version = await env.integer(0, "PDNS_API_VERSION");
  const client = new ApiClient(
    {
      name: "pdns",
      baseUrl: url,
      timeout: await env.seconds(30_000, "PDNS_HTTP_TIMEOUT"),
      secrets: [key],
      headers: { "X-Api-Key": key },
      explain: ({ text }) => jsonField(text, "error"),
    },
    httpClient({}),
  );
  const turns = new Turns();

  const zones = async (signal: AbortSignal): Promise<string> => {
    if (version === 0) version = await newest(client, signal);
    return `${pathOf("api", `v${version}`, "servers", server)}/zones`;
  };

  /** Replaces the records of a name by what `change` makes of them. */
  const update = (
    { fqdn }: DnsRecord,
    signal: AbortSignal,
    change: (records: readonly Content[]) => readonly Content[],
  ) =>
    turns.run(async () => {
      const name = fullyQualified(await resolution.zoneOf(fqdn, signal));
      const path = await zones(signal);
      const zone = await client.json<Zone>("GET", `${path}${pathOf(name)}`, { signal });
      const set = zone.rrsets.find(
        ({ name, type }) => type === "TXT" && name.toLowerCase() === fqdn.toLowerCase(),
      );
      const before = (set?.records ?? []).map(({ content, disabled }) => ({ content, disabled }));
      const records = change(before);
      if (records.length === 0 && before.length === 0) return;
      const rrset = { name: fqdn, type: "TXT" };
      const changed =
        records.length === 0
          ? { ...rrset, changetype: "DELETE" }
          : { ...rrset, changetype: "REPLACE", ttl, records };
      const place = `${path}${pathOf(zone.id)}`;
      await client.send("PATCH", place, { signal, json: { rrsets: [changed] } });
      // Only zones with secondaries have servers to tell.
      if (zone.kind !== "Master" && zone.kind !== "Slave") return;
      await client.send("PUT", `${place}/notify`, { signal }).catch((error: Error) => {
        signal.throwIfAborted();
        logger.warn("The secondary servers of the zone were not told", { error: error.message });
      });
    });

  return {
    ...(await pollingFrom(env, ["PDNS"], { timeout: 120_000, interval: 2000 })),
    present: ({ value, ...record }, signal) =>
      update({ value, ...record }, signal, (records) => [
        ...records.filter(({ content }) => content !== `"${value}"`),
        { content: `"${value}"`, disabled: false },
      ]),
    cleanUp: (record, signal) =>
      update(record, signal, (records) =>
        records.filter(({ content }) => content !== `"${record.value}"`),
      ),
  };
};

/** The newest version of the API that the server has. */
async function newest(client: ApiClient, signal: AbortSignal): Promise<number> {
  const versions = await client.json<readonly { readonly version: number }[]>("GET", "/api", {
    signal,
  });
  return Math.max(1, ...versions.map(({ version }) => version));
}
