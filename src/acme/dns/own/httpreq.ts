import { base64Of } from "../../../net/clients/base64.ts";
import { ApiClient } from "../api/api-client.ts";
import type { DnsProviderFactory } from "../dns-provider.ts";
import type { DnsRecord } from "../dns-record.ts";
import { pollingFrom } from "../polling.ts";

/**
 * A server of the user's: POST /present and /cleanup with `{fqdn, value}`, or with HTTPREQ_MODE=RAW
 * `{domain, token, keyAuth}`. Any 2xx is success.
 * Source: lego's httpreq.
 */
export const httpreq: DnsProviderFactory = async ({ env, httpClient }) => {
  const baseUrl = await env.required("HTTPREQ_ENDPOINT");
  if (!/^https?:\/\//i.test(baseUrl))
    throw new Error(
      `httpreq: HTTPREQ_ENDPOINT: expected a URL with http or https, found "${baseUrl}"`,
    );
  const raw = (await env.optional("HTTPREQ_MODE")) === "RAW";
  const user = await env.optional("HTTPREQ_USERNAME");
  const password = await env.optional("HTTPREQ_PASSWORD");
  const client = new ApiClient(
    {
      name: "httpreq",
      baseUrl,
      timeout: await env.seconds(30_000, "HTTPREQ_HTTP_TIMEOUT"),
      secrets: [password ?? "", `${user}:${password}`],
      ...(user !== undefined &&
        password !== undefined && {
          headers: { Authorization: `Basic ${base64Of(`${user}:${password}`)}` },
        }),
    },
    httpClient({}),
  );
  const post = async (path: string, record: DnsRecord, signal: AbortSignal) => {
    const { fqdn, value, domain, token, keyAuthorization: keyAuth } = record;
    const json = raw ? { domain, token, keyAuth } : { fqdn, value };
    await client.send("POST", path, { signal, json });
  };
  return {
    ...(await pollingFrom(env, ["HTTPREQ"])),
    present: (record, signal) => post("/present", record, signal),
    cleanUp: (record, signal) => post("/cleanup", record, signal),
  };
};
