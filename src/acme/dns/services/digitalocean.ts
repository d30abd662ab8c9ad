import { withoutFinalDot } from "../../../net/dns/dns-names.ts";
import { type ApiAnswer, ApiClient, pathOf } from "../api/api-client.ts";
import { jsonField } from "../api/json-field.ts";
import { RecordIds } from "../api/record-ids.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import { pollingFrom } from "../polling.ts";

/**
 * DigitalOcean's API, version 2, with a token.
 * Source: lego's digitalocean; DigitalOcean API "Domain Records".
 */
export const digitalocean: DnsProviderFactory = async ({ env, resolution, httpClient }) => {
  const token = await env.required("DO_AUTH_TOKEN");
  const ttl = await env.integer(30, "DO_TTL");
  const client = new ApiClient(
    {
      name: "digitalocean",
      baseUrl: (await env.optional("DO_API_URL")) ?? "https://api.digitalocean.com",
      timeout: await env.seconds(30_000, "DO_HTTP_TIMEOUT"),
      secrets: [token],
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      explain,
    },
    httpClient({}),
  );
  const ids = new RecordIds<number>("digitalocean");
  const path = async (fqdn: string, signal: AbortSignal) =>
    pathOf("v2", "domains", withoutFinalDot(await resolution.zoneOf(fqdn, signal)), "records");
  return {
    ...(await pollingFrom(env, ["DO"], { timeout: 60_000, interval: 5000 })),
    async present(record, signal) {
      const answer = await client.json<{ readonly domain_record: { readonly id: number } }>(
        "POST",
        await path(record.fqdn, signal),
        { signal, json: { type: "TXT", name: record.fqdn, data: record.value, ttl } },
      );
      ids.set(record, answer.domain_record.id);
    },
    async cleanUp(record, signal) {
      const id = ids.get(record);
      await client.send("DELETE", `${await path(record.fqdn, signal)}${pathOf(id)}`, { signal });
      ids.delete(record);
    },
  };
};

function explain({ text }: ApiAnswer): string | undefined {
  const message = jsonField(text, "message");
  return message === undefined ? undefined : `${jsonField(text, "id") ?? ""}: ${message}`;
}
