import { pause } from "../../../../core/loop/pause.ts";
import { ApiClient, pathOf } from "../../api/api-client.ts";
import { jsonField } from "../../api/json-field.ts";
import { Turns } from "../../api/turns.ts";
import type { DnsProviderFactory } from "../../dns-provider.ts";
import type { DnsRecord } from "../../dns-record.ts";
import { DEFAULT_TTL, pollingFrom } from "../../polling.ts";
import { unquoted } from "../../quoted-text.ts";
import { googleCredentials } from "./google-credentials.ts";

interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly rrdatas: readonly string[];
}

interface Zone {
  readonly name: string;
  readonly visibility?: string;
}

/** Milliseconds: of one request, and of a change until the service has done it. */
const TIMEOUT = 30_000;
const CHANGE_TIMEOUT = 30_000;
const CHANGE_INTERVAL = 3000;

/**
 * Google Cloud DNS.
 * Source: lego's gcloud; Cloud DNS API version 1.
 */
export const gcloud: DnsProviderFactory = async (context) => {
  const { env, resolution } = context;
  const zoneId = await env.optional("GCE_ZONE_ID");
  const allowPrivate = await env.flag(false, "GCE_ALLOW_PRIVATE_ZONE");
  const ttl = await env.integer(DEFAULT_TTL, "GCE_TTL");
  const given = await env.optional("GCE_PROJECT");
  const http = context.httpClient({});
  const credentials = await googleCredentials(context, http);
  const client = new ApiClient(
    {
      name: "gcloud",
      baseUrl: "https://dns.googleapis.com/dns/v1",
      timeout: TIMEOUT,
      secrets: credentials.secrets,
      authorize: async (_, signal) => ({
        Authorization: `Bearer ${await credentials.token(signal)}`,
      }),
      explain: ({ text }) => jsonField(text, "error", "message"),
    },
    http,
  );
  const turns = new Turns();
  const polling = await pollingFrom(env, ["GCE"], { timeout: 180_000, interval: 5000 });

  const zonesPath = async (signal: AbortSignal): Promise<string> => {
    const project = given ?? (await credentials.project(signal));
    if (project === undefined)
      throw new Error(
        "gcloud: expected a project in GCE_PROJECT or with the credentials, found none",
      );
    return `${pathOf("projects", project)}/managedZones`;
  };

  const zonePath = async (fqdn: string, signal: AbortSignal): Promise<string> => {
    const zones = await zonesPath(signal);
    if (zoneId !== undefined) return `${zones}${pathOf(zoneId)}`;
    const dnsName = await resolution.zoneOf(fqdn, signal);
    const answer = await client.json<{ managedZones?: readonly Zone[] }>("GET", zones, {
      signal,
      query: { dnsName },
    });
    const found = (answer.managedZones ?? []).find(
      ({ visibility = "public" }) =>
        visibility === "public" || (allowPrivate && visibility === "private"),
    );
    if (found === undefined)
      throw new Error(
        `gcloud: the project has no ${allowPrivate ? "" : "public "}zone "${dnsName}"`,
      );
    return `${zones}${pathOf(found.name)}`;
  };

  const update = (
    { fqdn }: DnsRecord,
    signal: AbortSignal,
    change: (values: readonly string[]) => readonly string[],
  ) =>
    turns.run(async () => {
      const zone = await zonePath(fqdn, signal);
      const query = { name: fqdn, type: "TXT" };
      const { rrsets = [] } = await client.json<{ rrsets?: readonly RecordSet[] }>(
        "GET",
        `${zone}/rrsets`,
        { signal, query },
      );
      const before = rrsets.flatMap(({ rrdatas }) => rrdatas.map(unquoted));
      const values = change(before);
      if (values.length === before.length) return;
      const set = { name: fqdn, type: "TXT", ttl, rrdatas: values.map((value) => `"${value}"`) };
      // Both in one change: there is no moment without the others' records.
      const json = {
        deletions: rrsets.map(({ name, type, ttl, rrdatas }) => ({ name, type, ttl, rrdatas })),
        additions: values.length === 0 ? [] : [set],
      };
      await done(zone, await client.json("POST", `${zone}/changes`, { signal, json }), signal);
    });

  const done = async (
    zone: string,
    change: { readonly id: string; readonly status: string },
    signal: AbortSignal,
  ) => {
    const end = performance.now() + CHANGE_TIMEOUT;
    const path = `${zone}${pathOf("changes", change.id)}`;
    let { status } = change;
    while (status !== "done") {
      if (performance.now() > end)
        throw new Error(`gcloud: a change is still ${status} after ${CHANGE_TIMEOUT / 1000} s`);
      await pause(Math.min(CHANGE_INTERVAL, polling.interval), signal);
      ({ status } = await client.json<{ status: string }>("GET", path, { signal }));
    }
  };

  return {
    ...polling,
    present: (record, signal) =>
      update(record, signal, (values) => [...new Set([...values, record.value])]),
    cleanUp: (record, signal) =>
      update(record, signal, (values) => values.filter((value) => value !== record.value)),
  };
};
