import { nameInZone, withoutFinalDot } from "../../../../net/dns/dns-names.ts";
import { ApiClient, ApiError, pathOf } from "../../api/api-client.ts";
import { jsonField } from "../../api/json-field.ts";
import { Turns } from "../../api/turns.ts";
import type { DnsProviderFactory } from "../../dns-provider.ts";
import type { DnsRecord } from "../../dns-record.ts";
import { pollingFrom } from "../../polling.ts";
import { AZURE_CLOUDS } from "./azure-cloud.ts";
import { azureCredentials } from "./azure-credentials.ts";

interface Zone {
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
}

/** Versions of the interfaces, and their spellings of one record set. */
const PUBLIC = { type: "dnsZones", version: "2018-05-01", ttl: "TTL", texts: "TXTRecords" };
const PRIVATE = { type: "privateDnsZones", version: "2024-06-01", ttl: "ttl", texts: "txtRecords" };
const GRAPH_VERSION = "2024-04-01";

/** Zones of one answer. */
const PAGE = 1000;

/** Milliseconds. */
const TIMEOUT = 30_000;

/**
 * Azure DNS, public or private zones, which are found by Azure Resource Graph.
 * Source: lego's azuredns; Azure DNS "Record Sets".
 */
export const azuredns: DnsProviderFactory = async (context) => {
  const { env, resolution } = context;
  const environment = (await env.optional("AZURE_ENVIRONMENT")) ?? "public";
  const cloud = Object.hasOwn(AZURE_CLOUDS, environment) ? AZURE_CLOUDS[environment] : undefined;
  if (cloud === undefined)
    throw new Error(
      `azuredns: AZURE_ENVIRONMENT: expected one of ${Object.keys(AZURE_CLOUDS).join(", ")}, found "${environment}"`,
    );
  const subscription = await env.optional("AZURE_SUBSCRIPTION_ID");
  const group = await env.optional("AZURE_RESOURCE_GROUP");
  const filter = await env.optional("AZURE_SERVICEDISCOVERY_FILTER");
  const zoneName = await env.optional("AZURE_ZONE_NAME");
  const kind = (await env.flag(false, "AZURE_PRIVATE_ZONE")) ? PRIVATE : PUBLIC;
  const ttl = await env.integer(60, "AZURE_TTL");
  const http = context.httpClient({});
  const { token, secrets } = await azureCredentials(context, cloud, http);
  const client = new ApiClient(
    {
      name: "azuredns",
      baseUrl: cloud.management,
      timeout: TIMEOUT,
      secrets,
      authorize: async (_, signal) => ({ Authorization: `Bearer ${await token(signal)}` }),
      explain: ({ text }) => {
        const message = jsonField(text, "error", "message") ?? jsonField(text, "message");
        return (
          message && `${jsonField(text, "error", "code") ?? jsonField(text, "code")}: ${message}`
        );
      },
    },
    http,
  );
  const turns = new Turns();
  let zones: ReadonlyMap<string, Zone> | undefined;

  const zoneOf = async (fqdn: string, signal: AbortSignal): Promise<Zone> => {
    const name = withoutFinalDot(zoneName ?? (await resolution.zoneOf(fqdn, signal)));
    // Who says all of it needs no permission to look.
    if (subscription !== undefined && group !== undefined && filter === undefined)
      return { name, subscriptionId: subscription, resourceGroup: group };
    zones ??= await discover(client, query({ kind, subscription, group, filter }), signal);
    const zone = zones.get(name.toLowerCase());
    if (zone === undefined) {
      // It may be made meanwhile.
      zones = undefined;
      throw new Error(`azuredns: no zone "${name}" is to be seen with these credentials`);
    }
    return zone;
  };

  /** Replaces the texts of a name by what `change` makes of them. */
  const update = (
    { fqdn }: DnsRecord,
    signal: AbortSignal,
    change: (texts: readonly string[]) => readonly string[],
  ) =>
    turns.run(async () => {
      const zone = await zoneOf(fqdn, signal);
      const path = pathOf(
        "subscriptions",
        zone.subscriptionId,
        "resourceGroups",
        zone.resourceGroup,
        "providers",
        "Microsoft.Network",
        kind.type,
        zone.name,
        "TXT",
        nameInZone(fqdn, zone.name),
      );
      const call = { signal, query: { "api-version": kind.version } };
      const found = await client
        .json<{ readonly properties: Readonly<Record<string, unknown>> }>("GET", path, call)
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 404) return undefined;
          throw error;
        });
      const had = (found?.properties[kind.texts] ?? []) as readonly { value: readonly string[] }[];
      const before = had.map(({ value }) => value.join(""));
      const texts = change(before);
      if (texts.length === 0) {
        if (found !== undefined) await client.send("DELETE", path, call);
        return;
      }
      const records = texts.map((text) => ({ value: [text] }));
      const json = { properties: { [kind.ttl]: ttl, [kind.texts]: records } };
      await client.send("PUT", path, { ...call, json });
    });

  return {
    ...(await pollingFrom(env, ["AZURE"], { timeout: 120_000, interval: 2000 })),
    present: (record, signal) =>
      update(record, signal, (texts) => [...new Set([...texts, record.value])]),
    cleanUp: (record, signal) =>
      update(record, signal, (texts) => texts.filter((text) => text !== record.value)),
  };
};

function query(wanted: {
  readonly kind: { readonly type: string };
  readonly subscription: string | undefined;
  readonly group: string | undefined;
  readonly filter: string | undefined;
}): string {
  const { kind, subscription, group, filter } = wanted;
  return [
    "resources",
    `| where type =~ "microsoft.network/${kind.type.toLowerCase()}"`,
    ...(subscription === undefined
      ? []
      : [`| where subscriptionId =~ ${JSON.stringify(subscription)}`]),
    ...(group === undefined ? [] : [`| where resourceGroup =~ ${JSON.stringify(group)}`]),
    ...(filter === undefined ? [] : [`| ${filter}`]),
    "| project subscriptionId, resourceGroup, name",
  ].join("\n");
}

/** All zones that the query finds, by their names in lower case. Rejects where two have one name. */
async function discover(
  client: ApiClient,
  text: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Zone>> {
  const zones = new Map<string, Zone>();
  for (let skip = 0; ; skip += PAGE) {
    const answer = await client.json<{
      readonly totalRecords?: number;
      readonly data?: readonly Zone[];
    }>("POST", "/providers/Microsoft.ResourceGraph/resources", {
      signal,
      query: { "api-version": GRAPH_VERSION },
      json: {
        query: text,
        options: { resultFormat: "objectArray", $top: PAGE, $skip: skip },
      },
    });
    for (const zone of answer.data ?? []) {
      const name = zone.name.toLowerCase();
      if (zones.has(name))
        throw new Error(
          `azuredns: several zones have the name "${zone.name}": AZURE_SUBSCRIPTION_ID or AZURE_RESOURCE_GROUP can tell them apart`,
        );
      zones.set(name, zone);
    }
    if (skip + PAGE >= (answer.totalRecords ?? 0)) return zones;
  }
}
