import { pause } from "../../../core/loop/pause.ts";
import { AwsClient } from "../../../net/clients/aws/aws-client.ts";
import { AwsCredentialChain } from "../../../net/clients/aws/aws-credentials.ts";
import { readXml, xmlText } from "../../../net/clients/xml.ts";
import { withoutFinalDot } from "../../../net/dns/dns-names.ts";
import { pathOf } from "../api/api-client.ts";
import { Turns } from "../api/turns.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import type { DnsRecord } from "../dns-record.ts";
import { pollingFrom } from "../polling.ts";

const API = "/2013-04-01";

/** Milliseconds. */
const TIMEOUT = 30_000;

/**
 * Amazon Route 53: credentials and regions are found as AWS's own tools find them.
 * Source: lego's route53; Amazon Route 53 API 2013-04-01.
 */
export const route53: DnsProviderFactory = async ({ env, resolution, runtime, httpClient }) => {
  const polling = await pollingFrom(env, ["AWS"], { timeout: 120_000, interval: 4000 });
  const ttl = await env.integer(10, "AWS_TTL");
  const zoneId = await env.optional("AWS_HOSTED_ZONE_ID");
  const privateZone = await env.flag(false, "AWS_PRIVATE_ZONE");
  const waits = await env.flag(true, "AWS_WAIT_FOR_RECORD_SETS_CHANGED");
  const role = await env.optional("AWS_ASSUME_ROLE_ARN");
  const externalId = await env.optional("AWS_EXTERNAL_ID");
  const http = httpClient({});
  const chain = new AwsCredentialChain(
    { env: runtime.env, files: runtime.files, http },
    role === undefined ? undefined : { arn: role, ...(externalId !== undefined && { externalId }) },
  );
  const client = new AwsClient({
    service: "route53",
    ...placeOf(runtime.env),
    credentials: (signal) => chain.get(signal),
    http,
    timeout: TIMEOUT,
    attempts: Math.max(1, await env.integer(5, "AWS_MAX_RETRIES")),
  });
  const turns = new Turns();
  const get = async (path: string, query: Record<string, string>, signal: AbortSignal) =>
    readXml(
      await client.send(
        { method: "GET", path: `${API}${path}?${new URLSearchParams(query)}` },
        signal,
      ),
    );

  const zoneOf = async (fqdn: string, signal: AbortSignal): Promise<string> => {
    if (zoneId !== undefined) return zoneId;
    const zone = await resolution.zoneOf(fqdn, signal);
    const query = { dnsname: withoutFinalDot(zone) };
    const answer = await get("/hostedzonesbyname", query, signal);
    const found = answer
      .all("HostedZone")
      .find(
        (hosted) =>
          hosted.textOf("Name") === zone &&
          (hosted.textOf("PrivateZone") === "true") === privateZone,
      );
    const id = found?.textOf("Id")?.replace("/hostedzone/", "");
    if (id === undefined)
      throw new Error(
        `route53: there is no ${privateZone ? "private" : "public"} hosted zone "${zone}"`,
      );
    return id;
  };

  /** Texts with their quotes, as the service has them, and their time to live. */
  const valuesOf = async (zone: string, fqdn: string, signal: AbortSignal) => {
    const query = { name: fqdn, type: "TXT", maxitems: "1" };
    const answer = await get(`${pathOf("hostedzone", zone)}/rrset`, query, signal);
    const set = answer
      .all("ResourceRecordSet")
      .find(
        (set) =>
          set.textOf("Type") === "TXT" && set.textOf("Name")?.toLowerCase() === fqdn.toLowerCase(),
      );
    return {
      values: set?.all("Value").map(({ text }) => text) ?? [],
      ttl: set?.textOf("TTL") ?? String(ttl),
    };
  };

  const update = (
    { fqdn }: DnsRecord,
    signal: AbortSignal,
    change: (values: readonly string[]) => readonly string[],
  ) =>
    turns.run(async () => {
      const zone = await zoneOf(fqdn, signal);
      const before = await valuesOf(zone, fqdn, signal);
      const values = change(before.values);
      if (values.length === 0 && before.values.length === 0) return;
      // What is deleted has to be said as it is.
      const body =
        values.length === 0
          ? changeBatch("DELETE", fqdn, before.ttl, before.values)
          : changeBatch("UPSERT", fqdn, String(ttl), values);
      const headers = { "Content-Type": "application/xml" };
      const path = `${API}${pathOf("hostedzone", zone)}/rrset/`;
      const answer = readXml(await client.send({ method: "POST", path, headers, body }, signal));
      if (waits) await inSync(answer.textOf("Id") ?? "", signal);
    });

  /** Resolves when the change is at all name servers. */
  const inSync = async (change: string, signal: AbortSignal) => {
    const end = performance.now() + polling.timeout;
    const id = change.replace("/change/", "");
    while ((await get(pathOf("change", id), {}, signal)).textOf("Status") !== "INSYNC") {
      if (performance.now() > end)
        throw new Error(
          `route53: the change ${id} is not at all name servers after ${polling.timeout / 1000} s`,
        );
      await pause(polling.interval, signal);
    }
  };

  return {
    ...polling,
    present: (record, signal) =>
      update(record, signal, (values) => [...new Set([...values, `"${record.value}"`])]),
    cleanUp: (record, signal) =>
      update(record, signal, (values) => values.filter((value) => value !== `"${record.value}"`)),
  };
};

/** Route 53 has one place for each partition of AWS, whatever the region. */
function placeOf(env: Readonly<Record<string, string | undefined>>): {
  region: string;
  endpoint: string;
} {
  const region = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || "";
  const [signing, host] = region.startsWith("cn-")
    ? ["cn-northwest-1", "route53.amazonaws.com.cn"]
    : region.startsWith("us-gov-")
      ? ["us-gov-west-1", "route53.us-gov.amazonaws.com"]
      : ["us-east-1", "route53.amazonaws.com"];
  const given = env["AWS_ENDPOINT_URL_ROUTE_53"] || env["AWS_ENDPOINT_URL"];
  return { region: signing, endpoint: given ? given.replace(/\/$/, "") : `https://${host}` };
}

function changeBatch(action: string, fqdn: string, ttl: string, values: readonly string[]): string {
  const records = values
    .map((value) => `<ResourceRecord><Value>${xmlText(value)}</Value></ResourceRecord>`)
    .join("");
  const set = `<Name>${xmlText(fqdn)}</Name><Type>TXT</Type><TTL>${ttl}</TTL><ResourceRecords>${records}</ResourceRecords>`;
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch>' +
    `<Comment>ACME challenge</Comment><Changes><Change><Action>${action}</Action>` +
    `<ResourceRecordSet>${set}</ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`
  );
}
