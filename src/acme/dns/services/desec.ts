import { nameInZone, withoutFinalDot } from "../../../net/dns/dns-names.ts";
import { ApiClient, ApiError, pathOf } from "../api/api-client.ts";
import { jsonField } from "../api/json-field.ts";
import { Turns } from "../api/turns.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import type { DnsRecord } from "../dns-record.ts";
import { pollingFrom } from "../polling.ts";

/**
 * deSEC's API, version 1, with a token. It says itself which zone a name is in.
 * Source: lego's desec; deSEC "Retrieving and Manipulating DNS Information".
 */
export const desec: DnsProviderFactory = async ({ env, httpClient }) => {
  const token = await env.required("DESEC_TOKEN");
  const ttl = await env.integer(3600, "DESEC_TTL");
  const client = new ApiClient(
    {
      name: "desec",
      baseUrl: "https://desec.io/api/v1",
      timeout: await env.seconds(30_000, "DESEC_HTTP_TIMEOUT"),
      secrets: [token],
      headers: { Authorization: `Token ${token}` },
      explain: ({ text }) => jsonField(text, "detail"),
    },
    httpClient({}),
  );
  const turns = new Turns();

  /** Replaces the records of a name by what `change` makes of them. */
  const update = (
    { fqdn }: DnsRecord,
    signal: AbortSignal,
    change: (records: readonly string[]) => readonly string[],
  ) =>
    turns.run(async () => {
      const query = { owns_qname: withoutFinalDot(fqdn) };
      const [domain] = await client.json<readonly { readonly name: string }[]>("GET", "/domains/", {
        signal,
        query,
      });
      if (domain === undefined)
        throw new Error(`desec: the account has no domain that ${fqdn} is in`);
      const subname = nameInZone(fqdn, domain.name);
      const sets = `${pathOf("domains", domain.name, "rrsets")}/`;
      const one = `${sets.slice(0, -1)}${pathOf(subname, "TXT")}/`;
      const before = await client
        .json<{ readonly records: readonly string[] }>("GET", one, { signal })
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 404) return undefined;
          throw error;
        });
      const records = change(before?.records ?? []);
      // A set without records is taken away.
      if (before !== undefined) await client.send("PATCH", one, { signal, json: { records } });
      else if (records.length > 0)
        await client.send("POST", sets, { signal, json: { subname, type: "TXT", records, ttl } });
    });

  return {
    ...(await pollingFrom(env, ["DESEC"], { timeout: 120_000, interval: 4000 })),
    present: (record, signal) =>
      update(record, signal, (records) => [...new Set([...records, `"${record.value}"`])]),
    cleanUp: (record, signal) =>
      update(record, signal, (records) => records.filter((text) => text !== `"${record.value}"`)),
  };
};
