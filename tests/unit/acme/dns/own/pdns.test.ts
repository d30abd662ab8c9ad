import { expect, test } from "bun:test";
import { pdns } from "../../../../../src/acme/dns/own/pdns.ts";
import {
  ApiDouble,
  type ApiHandler,
  dnsContext,
  json,
  NEVER,
  nameOf,
  recordOf,
} from "../api-double.ts";
import { type Stored, testProvider } from "../provider-contract.ts";

const KEY = "pdns-key-0123456789";

interface RRSet {
  readonly name: string;
  readonly type: string;
  readonly changetype: string;
  readonly ttl?: number;
  readonly records?: readonly { readonly content: string; readonly disabled: boolean }[];
}

/** PowerDNS Authoritative HTTP API, version 1: "Zones endpoint". */
function api(stored: Stored, url: () => string): ApiHandler {
  return (request) => {
    const { headers, json: body, path } = request;
    if (headers.get("x-api-key") !== KEY)
      return json({ error: `Unauthorized ${headers.get("x-api-key")}` }, 401);
    if (nameOf(request) === `GET ${url()}/api`) return json([{ url: "/api/v1", version: 1 }]);
    const zone = `${url()}/api/v1/servers/localhost/zones/example.com.`;
    if (!path.startsWith("/api/v1/servers/localhost/zones/")) return undefined;
    if (nameOf(request) === `PUT ${zone}/notify`) return json({ result: "Notification queued" });
    if (nameOf(request) === `GET ${zone}`)
      return json({
        id: "example.com.",
        kind: "Master",
        rrsets: [
          { name: "example.com.", type: "SOA", records: [{ content: "a", disabled: false }] },
          ...[...stored.records].map(([name, texts]) => ({
            name,
            type: "TXT",
            ttl: 60,
            comments: [],
            records: texts.map((text) => ({ content: `"${text}"`, disabled: false })),
          })),
        ],
      });
    if (nameOf(request) !== `PATCH ${zone}`)
      return json({ error: "Could not find domain 'unknown.example.'" }, 404);
    for (const { name, type, changetype, ttl, records = [] } of (body as { rrsets: RRSet[] })
      .rrsets) {
      expect([type, name.endsWith(".")]).toEqual(["TXT", true]);
      if (changetype === "DELETE") stored.records.delete(name);
      else {
        if (ttl === undefined) return json({ error: "Key 'ttl' not present" }, 422);
        stored.ttl = ttl;
        stored.records.set(
          name,
          records.map(({ content }) => /^"(.*)"$/.exec(content)![1]),
        );
      }
    }
    return new Response(null, { status: 204 });
  };
}

testProvider({
  name: "pdns",
  env: (url) => ({ PDNS_API_URL: `${url}/`, PDNS_API_KEY: KEY }),
  secrets: ["PDNS_API_KEY"],
  required: ["PDNS_API_KEY", "PDNS_API_URL"],
  api,
  refusal: /pdns: .*401: Unauthorized \*\*\*/,
  noZone: /404: Could not find domain 'unknown.example.'/,
  ttl: { fallback: 120, variable: "PDNS_TTL" },
  timeout: { fallback: 120_000, variable: "PDNS_PROPAGATION_TIMEOUT" },
  interval: { fallback: 2000, variable: "PDNS_POLLING_INTERVAL" },
});

test("pdns tells secondary servers, where there may be some, and goes on where it can't", async () => {
  const stored: Stored = { records: new Map(), ttl: undefined };
  let kind = "Native";
  const works = api(stored, () => double.url);
  const double = new ApiDouble(async (request) => {
    if (request.path.endsWith("/notify")) return json({ error: "no" }, 422);
    const answer = await works(request);
    if (request.method !== "GET" || !request.path.includes("/zones/")) return answer;
    return json({ ...((await answer!.json()) as object), kind });
  });
  using _ = double;
  const env = { PDNS_API_URL: double.url, PDNS_API_KEY: KEY, PDNS_API_VERSION: "1" };
  const context = dnsContext(double, env);
  const provider = await pdns(context);
  await provider.present(recordOf("example.com", "v"), NEVER);
  expect(double.requests.map(({ method }) => method)).toEqual(["GET", "PATCH"]);
  kind = "Master";
  await provider.cleanUp(recordOf("example.com", "v"), NEVER);
  expect(double.requests.at(-1)?.method).toBe("PUT");
  expect(context.lines.join()).toContain("The secondary servers of the zone were not told");
});
