import { withoutFinalDot } from "../../../net/dns/dns-names.ts";
import { type ApiAnswer, ApiClient, pathOf } from "../api/api-client.ts";
import { RecordIds } from "../api/record-ids.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import { pollingFrom } from "../polling.ts";

interface Answer<T> {
  readonly result: T;
  readonly errors?: readonly { readonly code: number; readonly message: string }[];
}

/** Seconds; Cloudflare takes no less. */
const LEAST_TTL = 120;

const names = (name: string, alias = `CF_${name}`) => [`CLOUDFLARE_${name}`, alias] as const;

/**
 * Cloudflare's API, version 4: with a token for records and another for zones, with one for both, or
 * with an account's e-mail and global key.
 * Source: lego's cloudflare; Cloudflare API "DNS Records for a Zone", "List Zones".
 */
export const cloudflare: DnsProviderFactory = async ({ env, resolution, httpClient }) => {
  const email = await env.optional(...names("EMAIL", "CF_API_EMAIL"));
  const key = await env.optional(...names("API_KEY"));
  const byKey = email !== undefined && key !== undefined;
  const token = byKey
    ? ""
    : await env.required(...names("DNS_API_TOKEN")).catch((error: Error) => {
        throw new Error(
          `cloudflare: ${error.message}; the alternative is CF_API_EMAIL with CF_API_KEY`,
        );
      });
  const zoneToken = (await env.optional(...names("ZONE_API_TOKEN"))) ?? token;
  const ttl = await env.integer(LEAST_TTL, ...names("TTL"));
  if (ttl < LEAST_TTL)
    throw new Error(`cloudflare: CLOUDFLARE_TTL: expected at least ${LEAST_TTL}, found ${ttl}`);
  const baseUrl =
    (await env.optional("CLOUDFLARE_BASE_URL")) ?? "https://api.cloudflare.com/client/v4";
  const timeout = await env.seconds(30_000, ...names("HTTP_TIMEOUT"));
  const http = httpClient({});
  const clientWith = (secret: string) =>
    new ApiClient(
      {
        name: "cloudflare",
        baseUrl,
        timeout,
        secrets: [secret, key ?? ""],
        headers: byKey
          ? { "X-Auth-Email": email, "X-Auth-Key": key }
          : { Authorization: `Bearer ${secret}` },
        explain,
      },
      http,
    );
  const records = clientWith(token);
  const zones = clientWith(zoneToken);
  const ids = new RecordIds<string>("cloudflare");
  const zoneIds = new Map<string, string>();

  const zoneId = async (fqdn: string, signal: AbortSignal): Promise<string> => {
    const zone = withoutFinalDot(await resolution.zoneOf(fqdn, signal));
    const known = zoneIds.get(zone);
    if (known !== undefined) return known;
    const { result } = await zones.json<Answer<readonly { readonly id: string }[]>>(
      "GET",
      "/zones",
      { signal, query: { name: zone, per_page: "50" } },
    );
    if (result.length !== 1)
      throw new Error(
        `cloudflare: expected one zone "${zone}" that the token may read, found ${result.length}`,
      );
    zoneIds.set(zone, result[0].id);
    return result[0].id;
  };

  return {
    ...(await pollingFrom(env, ["CLOUDFLARE", "CF"], { timeout: 120_000, interval: 2000 })),
    async present(record, signal) {
      const zone = await zoneId(record.fqdn, signal);
      const { result } = await records.json<Answer<{ readonly id: string }>>(
        "POST",
        `${pathOf("zones", zone)}/dns_records`,
        {
          signal,
          json: {
            type: "TXT",
            name: withoutFinalDot(record.fqdn),
            content: `"${record.value}"`,
            ttl,
          },
        },
      );
      ids.set(record, result.id);
    },
    async cleanUp(record, signal) {
      const id = ids.get(record);
      const zone = await zoneId(record.fqdn, signal);
      await records.send("DELETE", pathOf("zones", zone, "dns_records", id), { signal });
      ids.delete(record);
    },
  };
};

function explain({ text }: ApiAnswer): string | undefined {
  try {
    const { errors } = JSON.parse(text) as Partial<Answer<unknown>>;
    return errors?.map(({ code, message }) => `${code}: ${message}`).join("; ") || undefined;
  } catch {
    return undefined;
  }
}
