import type { HttpClient } from "../../../net/clients/http-client.ts";
import { nameInZone, withoutFinalDot } from "../../../net/dns/dns-names.ts";
import { ApiClient, type ApiRequest, pathOf } from "../api/api-client.ts";
import { jsonField } from "../api/json-field.ts";
import { oauthToken } from "../api/oauth-token.ts";
import { RecordIds } from "../api/record-ids.ts";
import type { DnsEnvironment } from "../dns-environment.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import { DEFAULT_TTL, pollingFrom } from "../polling.ts";

const ENDPOINTS: Readonly<Record<string, string>> = {
  "ovh-eu": "https://eu.api.ovh.com/1.0",
  "ovh-ca": "https://ca.api.ovh.com/1.0",
  "ovh-us": "https://api.us.ovhcloud.com/1.0",
  "kimsufi-eu": "https://eu.api.kimsufi.com/1.0",
  "kimsufi-ca": "https://ca.api.kimsufi.com/1.0",
  "soyoustart-eu": "https://eu.api.soyoustart.com/1.0",
  "soyoustart-ca": "https://ca.api.soyoustart.com/1.0",
};

/** Where OAuth tokens come from, by the endpoint. */
const TOKENS: Readonly<Record<string, string>> = {
  "https://eu.api.ovh.com/1.0": "https://www.ovh.com/auth/oauth2/token",
  "https://ca.api.ovh.com/1.0": "https://ca.ovh.com/auth/oauth2/token",
  "https://api.us.ovhcloud.com/1.0": "https://us.ovhcloud.com/auth/oauth2/token",
};

interface Authentication {
  readonly secrets: readonly string[];
  readonly authorize: NonNullable<ConstructorParameters<typeof ApiClient>[0]["authorize"]>;
}

/**
 * OVHcloud's API: signed with an application's key, with an OAuth client's token, or with a token.
 * Source: lego's ovh; OVHcloud "First steps with the API".
 */
export const ovh: DnsProviderFactory = async ({ env, resolution, httpClient }) => {
  const named = (await env.optional("OVH_ENDPOINT")) ?? "ovh-eu";
  const baseUrl = named.includes("/") ? named : ENDPOINTS[named];
  if (baseUrl === undefined)
    throw new Error(
      `ovh: OVH_ENDPOINT: expected a URL or one of ${Object.keys(ENDPOINTS).join(", ")}, found "${named}"`,
    );
  const http = httpClient({});
  const timeout = await env.seconds(180_000, "OVH_HTTP_TIMEOUT");
  const ttl = await env.integer(DEFAULT_TTL, "OVH_TTL");
  const client = new ApiClient(
    {
      name: "ovh",
      baseUrl,
      timeout,
      ...(await authentication(env, baseUrl, timeout, http)),
      explain: ({ text }) => jsonField(text, "message"),
    },
    http,
  );
  const ids = new RecordIds<number>("ovh");
  const zonePath = (zone: string) => pathOf("domain", "zone", withoutFinalDot(zone));
  const refresh = (zone: string, signal: AbortSignal) =>
    client.send("POST", `${zonePath(zone)}/refresh`, { signal });
  return {
    ...(await pollingFrom(env, ["OVH"])),
    async present(record, signal) {
      const zone = await resolution.zoneOf(record.fqdn, signal);
      const { id } = await client.json<{ readonly id: number }>(
        "POST",
        `${zonePath(zone)}/record`,
        {
          signal,
          json: {
            fieldType: "TXT",
            subDomain: nameInZone(record.fqdn, zone),
            target: record.value,
            ttl,
          },
        },
      );
      ids.set(record, id);
      await refresh(zone, signal);
    },
    async cleanUp(record, signal) {
      const id = ids.get(record);
      const zone = await resolution.zoneOf(record.fqdn, signal);
      await client.send("DELETE", `${zonePath(zone)}${pathOf("record", id)}`, { signal });
      ids.delete(record);
      await refresh(zone, signal);
    },
  };
};

async function authentication(
  env: DnsEnvironment,
  baseUrl: string,
  timeout: number,
  http: HttpClient,
): Promise<Authentication> {
  const variable = (name: string) => env.optional(`OVH_${name}`);
  const key = await variable("APPLICATION_KEY");
  const secret = await variable("APPLICATION_SECRET");
  const consumer = await variable("CONSUMER_KEY");
  const clientId = await variable("CLIENT_ID");
  const clientSecret = await variable("CLIENT_SECRET");
  const token = await variable("ACCESS_TOKEN");
  const ways = [key ?? secret ?? consumer, clientId ?? clientSecret, token].filter(
    (way) => way !== undefined,
  );
  if (ways.length !== 1)
    throw new Error(
      "ovh: expected either OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY, or OVH_CLIENT_ID " +
        `and OVH_CLIENT_SECRET, or OVH_ACCESS_TOKEN, found ${ways.length === 0 ? "none of them" : "several"}`,
    );
  if (token !== undefined) return bearer(token);
  if (clientId ?? clientSecret) {
    if (clientId === undefined || clientSecret === undefined)
      throw new Error("ovh: expected OVH_CLIENT_ID and OVH_CLIENT_SECRET, found one of them");
    const url = TOKENS[baseUrl];
    if (url === undefined)
      throw new Error(
        `ovh: the endpoint ${baseUrl} takes no OAuth client, expected OVH_APPLICATION_KEY`,
      );
    const get = oauthToken({
      name: "ovh",
      url,
      timeout,
      secrets: [clientSecret],
      form: async () => ({
        grant_type: "client_credentials",
        client_id: clientId,
        client_secret: clientSecret,
        scope: "all",
      }),
      http,
    });
    return {
      secrets: [clientSecret],
      authorize: async (_, signal) => ({ Authorization: `Bearer ${await get(signal)}` }),
    };
  }
  if (key === undefined || secret === undefined || consumer === undefined)
    throw new Error(
      "ovh: expected OVH_APPLICATION_KEY, OVH_APPLICATION_SECRET and OVH_CONSUMER_KEY, found not all of them",
    );
  return signed({ key, secret, consumer }, baseUrl, timeout, http);
}

function bearer(token: string): Authentication {
  return { secrets: [token], authorize: async () => ({ Authorization: `Bearer ${token}` }) };
}

/** Requests are signed with the API's own time, which is asked for once. */
function signed(
  { key, secret, consumer }: { key: string; secret: string; consumer: string },
  baseUrl: string,
  timeout: number,
  http: HttpClient,
): Authentication {
  const secrets = [key, secret, consumer];
  const clock = new ApiClient({ name: "ovh", baseUrl, timeout, secrets }, http);
  let ahead: number | undefined;
  return {
    secrets,
    async authorize({ method, url, body }: ApiRequest, signal) {
      ahead ??= (await clock.json<number>("GET", "/auth/time", { signal })) - Date.now() / 1000;
      const time = Math.round(Date.now() / 1000 + ahead);
      const text = [secret, consumer, method, url, body, time].join("+");
      const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
      return {
        "X-Ovh-Application": key,
        "X-Ovh-Consumer": consumer,
        "X-Ovh-Timestamp": String(time),
        "X-Ovh-Signature": `$1$${new Uint8Array(digest).toHex()}`,
      };
    },
  };
}
