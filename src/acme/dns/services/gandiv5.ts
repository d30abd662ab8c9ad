import { nameInZone, withoutFinalDot } from "../../../net/dns/dns-names.ts";
import { ApiClient, ApiError, pathOf } from "../api/api-client.ts";
import { jsonField } from "../api/json-field.ts";
import { Turns } from "../api/turns.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import type { DnsRecord } from "../dns-record.ts";
import { pollingFrom } from "../polling.ts";
import { unquoted } from "../quoted-text.ts";

/** Seconds; Gandi takes no less. */
const LEAST_TTL = 300;

/**
 * Gandi's LiveDNS, version 5, with a personal access token, or with an API key as it was before.
 * Source: lego's gandiv5; Gandi API "LiveDNS".
 */
export const gandiv5: DnsProviderFactory = async ({ env, resolution, httpClient }) => {
  const key = await env.optional("GANDIV5_API_KEY");
  const token = await env.optional("GANDIV5_PERSONAL_ACCESS_TOKEN");
  const authorization =
    token === undefined && key !== undefined
      ? `Apikey ${key}`
      : `Bearer ${await env.required("GANDIV5_PERSONAL_ACCESS_TOKEN")}`;
  const ttl = await env.integer(LEAST_TTL, "GANDIV5_TTL");
  if (ttl < LEAST_TTL)
    throw new Error(`gandiv5: GANDIV5_TTL: expected at least ${LEAST_TTL}, found ${ttl}`);
  const client = new ApiClient(
    {
      name: "gandiv5",
      baseUrl: "https://api.gandi.net/v5/livedns",
      timeout: await env.seconds(10_000, "GANDIV5_HTTP_TIMEOUT"),
      secrets: [token ?? "", key ?? ""],
      headers: { Authorization: authorization },
      explain: ({ text }) => jsonField(text, "message"),
    },
    httpClient({}),
  );
  const turns = new Turns();

  /** Replaces the values of a name by what `change` makes of them. */
  const update = (
    { fqdn }: DnsRecord,
    signal: AbortSignal,
    change: (values: readonly string[]) => readonly string[],
  ) =>
    turns.run(async () => {
      const zone = await resolution.zoneOf(fqdn, signal);
      const path = pathOf(
        "domains",
        withoutFinalDot(zone),
        "records",
        nameInZone(fqdn, zone),
        "TXT",
      );
      const before = await client
        .json<{ readonly rrset_values?: readonly string[] }>("GET", path, { signal })
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 404) return { rrset_values: [] };
          throw error;
        });
      const had = (before.rrset_values ?? []).map(unquoted);
      const values = change(had);
      if (values.length > 0)
        await client.send("PUT", path, { signal, json: { rrset_ttl: ttl, rrset_values: values } });
      else if (had.length > 0) await client.send("DELETE", path, { signal });
    });

  return {
    ...(await pollingFrom(env, ["GANDIV5"], { timeout: 1_200_000, interval: 20_000 })),
    present: (record, signal) =>
      update(record, signal, (values) => [...new Set([record.value, ...values])]),
    cleanUp: (record, signal) =>
      update(record, signal, (values) => values.filter((value) => value !== record.value)),
  };
};
