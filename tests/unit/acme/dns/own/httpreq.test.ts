import { expect, test } from "bun:test";
import { httpreq } from "../../../../../src/acme/dns/own/httpreq.ts";
import {
  ApiDouble,
  type ApiHandler,
  dnsContext,
  json,
  NEVER,
  nameOf,
  recordOf,
} from "../api-double.ts";
import { addText, dropText, failure, type Stored, testProvider } from "../provider-contract.ts";

const PASSWORD = "httpreq-password-0123456789";

/** lego "HTTP request": POST /present and /cleanup. */
function api(stored: Stored, url: () => string): ApiHandler {
  return (request) => {
    const authorization = request.headers.get("authorization");
    if (authorization !== `Basic ${btoa(`user:${PASSWORD}`)}`)
      return new Response(`No entry for ${authorization}`, { status: 401 });
    const { fqdn, value, ...more } = request.json as Record<string, string>;
    expect(more).toEqual({});
    if (!fqdn.endsWith(".example.com.")) return json({ why: "no such zone" }, 400);
    if (nameOf(request) === `POST ${url()}/hook/present`) addText(stored, fqdn, value);
    else if (nameOf(request) === `POST ${url()}/hook/cleanup`) dropText(stored, fqdn, value);
    else return undefined;
    return new Response(null, { status: 204 });
  };
}

testProvider({
  name: "httpreq",
  env: (url) => ({
    HTTPREQ_ENDPOINT: `${url}/hook`,
    HTTPREQ_USERNAME: "user",
    HTTPREQ_PASSWORD: PASSWORD,
  }),
  secrets: ["HTTPREQ_PASSWORD"],
  required: ["HTTPREQ_ENDPOINT"],
  api,
  refusal: /httpreq: .*401: No entry for Basic \*\*\*/,
  noZone: /400: \{"why":"no such zone"\}/,
  timeout: { fallback: 60_000, variable: "HTTPREQ_PROPAGATION_TIMEOUT" },
  interval: { fallback: 2000, variable: "HTTPREQ_POLLING_INTERVAL" },
});

test("httpreq sends what the record is made of in RAW mode, and names a wrong endpoint", async () => {
  using double = new ApiDouble(() => new Response("ok"));
  const env = { HTTPREQ_ENDPOINT: double.url, HTTPREQ_MODE: "RAW", HTTPREQ_USERNAME: "alone" };
  const provider = await httpreq(dnsContext(double, env));
  await provider.present(recordOf("example.com", "v"), NEVER);
  expect(double.requests[0].json).toEqual({
    domain: "example.com",
    token: "token-v",
    keyAuth: "token-v.thumbprint",
  });
  expect(double.requests[0].headers.get("authorization")).toBeNull();
  const wrong = dnsContext(double, { HTTPREQ_ENDPOINT: "hook.example" });
  expect(await failure(() => httpreq(wrong))).toContain('found "hook.example"');
});
