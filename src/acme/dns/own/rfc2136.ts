import { askDnsServer, parseDnsServer } from "../../../net/dns/dns-client.ts";
import {
  CLASS,
  encodeQuery,
  encodeUpdate,
  RCODE,
  rcodeName,
  TYPE,
  textData,
} from "../../../net/dns/dns-message.ts";
import { encodeName, fullyQualified, namesUpwards } from "../../../net/dns/dns-names.ts";
import {
  checkSignature,
  signMessage,
  TSIG_ALGORITHMS,
  type TsigKey,
} from "../../../net/dns/dns-tsig.ts";
import type { DnsContext, DnsProviderFactory } from "../dns-provider.ts";
import type { DnsRecord } from "../dns-record.ts";
import { findZone, randomId } from "../live-resolution.ts";
import { DEFAULT_TTL, pollingFrom } from "../polling.ts";
import { parseTsigFile } from "./tsig-file.ts";

const names = (name: string) => [`DNSUPDATE_${name}`, `RFC2136_${name}`] as const;

/**
 * Dynamic updates of DNS (RFC 2136), signed by TSIG (RFC 8945) where there is a key; lego's names for it are
 * `rfc2136` and `dnsupdate`. A record is put beside those that are there.
 * Source: lego's dnsupdate, without GSS-TSIG.
 */
export const rfc2136: DnsProviderFactory = async (context) => {
  const { env, runtime } = context;
  const server = parseDnsServer(await env.required(...names("NAMESERVER")));
  const timeout = await env.seconds(10_000, ...names("DNS_TIMEOUT"));
  const ttl = await env.integer(DEFAULT_TTL, ...names("TTL"));
  const zones = ((await env.optional(...names("ZONES"))) ?? "")
    .split(",")
    .map((zone) => zone.trim())
    .filter((zone) => zone !== "")
    .map((zone) => fullyQualified(zone).toLowerCase());
  const key = await keyFrom(context);

  const zoneOf = async (fqdn: string, signal: AbortSignal): Promise<string> => {
    if (zones.length === 0)
      return findZone(fqdn, async (name) => {
        const question = { name, type: TYPE.SOA, class: CLASS.IN };
        const query = encodeQuery(randomId(), question, true);
        return (await askDnsServer(runtime, server, query, { timeout, signal })).message;
      });
    // The nearest of them.
    const zone = namesUpwards(fqdn.toLowerCase()).find((name) => zones.includes(name));
    if (zone === undefined)
      throw new Error(`rfc2136: expected one of ${names("ZONES")[0]} above ${fqdn}, found none`);
    return zone;
  };

  const update = async (
    { fqdn, value }: DnsRecord,
    change: { readonly class: number; readonly ttl: number },
    signal: AbortSignal,
  ): Promise<void> => {
    const zone = await zoneOf(fqdn, signal);
    const record = { name: fqdn, type: TYPE.TXT, data: textData(value), ...change };
    const bare = encodeUpdate(randomId(), zone, [record]);
    const signed = key === undefined ? undefined : await signMessage(bare, key);
    const request = signed?.message ?? bare;
    const { message, bytes } = await askDnsServer(runtime, server, request, { timeout, signal });
    if (signed !== undefined && key !== undefined)
      await checkSignature(bytes, key, signed.mac).catch((error: Error) => {
        throw new Error(`rfc2136: ${server.hostname}:${server.port}: ${error.message}`);
      });
    if (message.rcode !== RCODE.NOERROR)
      throw new Error(
        `rfc2136: ${server.hostname}:${server.port} refused the update of ${zone}: ${rcodeName(message.rcode)}`,
      );
  };

  // One value stands beside another here: only who wants names to wait for each other gets that.
  const sequence = await env.seconds(0, ...names("SEQUENCE_INTERVAL"));
  return {
    ...(await pollingFrom(env, ["DNSUPDATE", "RFC2136"])),
    // lego's first name for it comes last.
    timeout: await env.seconds(60_000, ...names("PROPAGATION_TIMEOUT"), "DNSUPDATE_TIMEOUT"),
    ...(sequence > 0 && { sequence }),
    present: (record, signal) => update(record, { class: CLASS.IN, ttl }, signal),
    cleanUp: (record, signal) => update(record, { class: CLASS.NONE, ttl: 0 }, signal),
  };
};

/** Undefined where there is none. Rejects with an Error that names the variable that is wrong. */
async function keyFrom({ env, runtime }: DnsContext): Promise<TsigKey | undefined> {
  // A variable that names a file is no value from a file here.
  const file = await env.optional(...names("TSIG_FILE"));
  const read =
    file === undefined ? undefined : parseTsigFile(decode(await runtime.files.read(file)), file);
  const name = read?.name ?? (await env.optional(...names("TSIG_KEY")));
  const secret = read?.secret ?? (await env.optional(...names("TSIG_SECRET")));
  const algorithm = fullyQualified(
    read?.algorithm ?? (await env.optional(...names("TSIG_ALGORITHM"))) ?? "hmac-sha1.",
  ).toLowerCase();
  if (!TSIG_ALGORITHMS.includes(algorithm))
    throw new Error(
      `rfc2136: ${names("TSIG_ALGORITHM")[0]}: expected one of ${TSIG_ALGORITHMS.join(", ")}, found "${algorithm}"`,
    );
  if (name === undefined || secret === undefined) return undefined;
  encodeName(name);
  try {
    return {
      name: fullyQualified(name).toLowerCase(),
      algorithm,
      secret: Uint8Array.fromBase64(secret),
    };
  } catch {
    // What was found is a secret.
    throw new Error(`rfc2136: ${names("TSIG_SECRET")[0]}: expected base64, found something else`);
  }
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
