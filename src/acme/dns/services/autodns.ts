import { base64Of } from "../../../net/clients/base64.ts";
import { ApiClient, pathOf } from "../api/api-client.ts";
import { jsonField } from "../api/json-field.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import type { DnsRecord } from "../dns-record.ts";
import { pollingFrom } from "../polling.ts";

/**
 * InterNetX's AutoDNS JSON API, with a user's name and password. It finds the zone of a name itself.
 * Source: lego's autodns; AutoDNS "zone/{name}/_stream".
 */
export const autodns: DnsProviderFactory = async ({ env, httpClient }) => {
  const user = await env.required("AUTODNS_API_USER");
  const password = await env.required("AUTODNS_API_PASSWORD");
  const context = await env.integer(4, "AUTODNS_CONTEXT");
  const ttl = await env.integer(600, "AUTODNS_TTL");
  const client = new ApiClient(
    {
      name: "autodns",
      baseUrl: (await env.optional("AUTODNS_ENDPOINT")) ?? "https://api.autodns.com/v1/",
      timeout: await env.seconds(30_000, "AUTODNS_HTTP_TIMEOUT"),
      secrets: [password, `${user}:${password}`],
      headers: {
        Authorization: `Basic ${base64Of(`${user}:${password}`)}`,
        "X-Domainrobot-Context": String(context),
      },
      explain: ({ text }) => explain(text),
    },
    httpClient({}),
  );
  const stream = async (
    { fqdn, value }: DnsRecord,
    key: "adds" | "rems",
    signal: AbortSignal,
  ): Promise<void> => {
    const records = [{ name: fqdn, ttl, type: "TXT", value }];
    const json = { adds: null, rems: null, [key]: records };
    await client.send("POST", `${pathOf("zone", fqdn)}/_stream`, { signal, json });
  };
  return {
    ...(await pollingFrom(env, ["AUTODNS"], { timeout: 120_000, interval: 2000 })),
    present: (record, signal) => stream(record, "adds", signal),
    cleanUp: (record, signal) => stream(record, "rems", signal),
  };
};

function explain(text: string): string | undefined {
  const status = jsonField(text, "status", "text");
  let messages: readonly { readonly code?: string; readonly text?: string }[] = [];
  try {
    messages = (JSON.parse(text) as { messages?: typeof messages }).messages ?? [];
  } catch {
    // Not the service's own form.
  }
  const parts = messages.map(({ code, text }) => `${code}: ${text}`);
  return [...(status === undefined ? [] : [status]), ...parts].join("; ") || undefined;
}
