import { expect, test } from "bun:test";
import { gandiv5 } from "../../../../../src/acme/dns/services/gandiv5.ts";
import {
  ApiDouble,
  type ApiHandler,
  dnsContext,
  json,
  NEVER,
  nameOf,
  recordOf,
} from "../api-double.ts";
import { failure, type Stored, testProvider } from "../provider-contract.ts";

const TOKEN = "gandi-token-0123456789";
const KEY = "gandi-key-0123456789";

/** Gandi API "LiveDNS": GET, PUT and DELETE of /domains/{fqdn}/records/{name}/{type}. */
function api(stored: Stored): ApiHandler {
  return (request) => {
    const authorization = request.headers.get("authorization");
    if (authorization !== `Bearer ${TOKEN}` && authorization !== `Apikey ${KEY}`)
      return json(
        { code: 403, message: `No access to ${authorization}`, object: "HTTPForbidden" },
        403,
      );
    const [, method, zone, name] =
      /^(\w+) https:\/\/api\.gandi\.net\/v5\/livedns\/domains\/([^/]+)\/records\/([^/]+)\/TXT$/.exec(
        nameOf(request),
      ) ?? [];
    const fqdn = `${name}.example.com.`;
    const texts = stored.records.get(fqdn) ?? [];
    if (zone !== "example.com")
      return json({ code: 404, message: "The domain is not managed here" }, 404);
    if (method === "GET")
      return texts.length === 0
        ? json({ code: 404, message: "Can't find the DNS record" }, 404)
        : json({ rrset_ttl: 300, rrset_values: texts.map((text) => `"${text}"`) });
    if (method === "PUT") {
      const { rrset_ttl: ttl, rrset_values: values } = request.json as {
        rrset_ttl: number;
        rrset_values: string[];
      };
      expect(new Set(values).size).toBe(values.length);
      stored.ttl = ttl;
      stored.records.set(fqdn, values);
      return json({ message: "DNS Record Created" }, 201);
    }
    if (method !== "DELETE" || texts.length !== 1) return undefined;
    stored.records.delete(fqdn);
    return new Response(null, { status: 204 });
  };
}

testProvider({
  name: "gandiv5",
  env: () => ({ GANDIV5_PERSONAL_ACCESS_TOKEN: TOKEN }),
  secrets: ["GANDIV5_PERSONAL_ACCESS_TOKEN"],
  required: ["GANDIV5_PERSONAL_ACCESS_TOKEN"],
  api,
  refusal: /gandiv5: .*403: No access to Bearer \*\*\*/,
  noZone: /404: The domain is not managed here/,
  ttl: { fallback: 300, variable: "GANDIV5_TTL" },
  timeout: { fallback: 1_200_000, variable: "GANDIV5_PROPAGATION_TIMEOUT" },
  interval: { fallback: 20_000, variable: "GANDIV5_POLLING_INTERVAL" },
});

test("gandi takes an old key, and no shorter time to live", async () => {
  const stored: Stored = { records: new Map(), ttl: undefined };
  using double = new ApiDouble(api(stored));
  const provider = await gandiv5(dnsContext(double, { GANDIV5_API_KEY: KEY }));
  await provider.present(recordOf("example.com", "v"), NEVER);
  expect(stored.records.size).toBe(1);
  const env = { GANDIV5_API_KEY: KEY, GANDIV5_TTL: "299" };
  expect(await failure(() => gandiv5(dnsContext(double, env)))).toContain("at least 300");
});
