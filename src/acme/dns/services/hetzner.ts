import { pause } from "../../../core/loop/pause.ts";
import { nameInZone, withoutFinalDot } from "../../../net/dns/dns-names.ts";
import { ApiClient, pathOf } from "../api/api-client.ts";
import { jsonField } from "../api/json-field.ts";
import type { DnsContext, DnsProvider, DnsProviderFactory } from "../dns-provider.ts";
import type { DnsRecord } from "../dns-record.ts";
import { DEFAULT_TTL, pollingFrom } from "../polling.ts";
import { hetznerConsole } from "./hetzner-console.ts";

/** Something that Hetzner does in its own time. */
interface Action {
  readonly id: number;
  readonly status: "running" | "success" | "error";
  readonly error?: { readonly code: string; readonly message: string } | null;
}

/**
 * Hetzner's DNS, in the Cloud API with HETZNER_API_TOKEN, or in the older DNS Console with HETZNER_API_KEY.
 * Source: lego's hetzner.
 */
export const hetzner: DnsProviderFactory = async (context) => {
  const { env, logger } = context;
  const token = await env.optional("HETZNER_API_TOKEN");
  const key = token === undefined ? await env.optional("HETZNER_API_KEY") : undefined;
  if (key === undefined)
    return hetznerCloud(context, token ?? (await env.required("HETZNER_API_TOKEN")));
  logger.warn("HETZNER_API_KEY is for Hetzner's old DNS Console; HETZNER_API_TOKEN replaces it");
  return hetznerConsole(context, key);
};

async function hetznerCloud(
  { env, resolution, httpClient }: DnsContext,
  token: string,
): Promise<DnsProvider> {
  const polling = await pollingFrom(env, ["HETZNER"]);
  const ttl = await env.integer(DEFAULT_TTL, "HETZNER_TTL");
  const client = new ApiClient(
    {
      name: "hetzner",
      baseUrl: "https://api.hetzner.cloud/v1",
      timeout: await env.seconds(30_000, "HETZNER_HTTP_TIMEOUT"),
      secrets: [token],
      headers: { Authorization: `Bearer ${token}` },
      explain: ({ text }) => {
        const message = jsonField(text, "error", "message");
        return message && `${jsonField(text, "error", "code") ?? ""}: ${message}`;
      },
    },
    httpClient({}),
  );

  const act = async (
    what: "add_records" | "remove_records",
    record: DnsRecord,
    more: object,
    signal: AbortSignal,
  ) => {
    const zone = await resolution.zoneOf(record.fqdn, signal);
    const path = pathOf(
      "zones",
      withoutFinalDot(zone),
      "rrsets",
      nameInZone(record.fqdn, zone),
      "TXT",
      "actions",
      what,
    );
    const json = { ...more, records: [{ value: `"${record.value}"` }] };
    let { action } = await client.json<{ action: Action }>("POST", path, { signal, json });
    const end = performance.now() + polling.timeout;
    while (action.status === "running") {
      if (performance.now() > end)
        throw new Error(
          `hetzner: ${what} of ${record.fqdn} took more than ${polling.timeout / 1000} s`,
        );
      await pause(polling.interval, signal);
      ({ action } = await client.json<{ action: Action }>("GET", pathOf("actions", action.id), {
        signal,
      }));
    }
    if (action.status === "error")
      throw new Error(
        `hetzner: ${what} of ${record.fqdn} failed: ${action.error?.code}: ${action.error?.message}`,
      );
  };

  return {
    ...polling,
    present: (record, signal) => act("add_records", record, { ttl }, signal),
    cleanUp: (record, signal) => act("remove_records", record, {}, signal),
  };
}
