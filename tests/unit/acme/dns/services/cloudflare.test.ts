import { describe, expect, test } from "bun:test";
import { cloudflare } from "../../../../../src/acme/dns/services/cloudflare.ts";
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

const API = "https://api.cloudflare.com/client/v4";
const DNS = "cf-dns-token-0123456789";
const ZONE = "cf-zone-token-0123456789";
const KEY = "cf-global-key-0123456789";

const refused = (code: number, message: string, status: number) =>
  json({ success: false, errors: [{ code, message }], messages: [], result: null }, status);
const fine = (result: unknown) => json({ success: true, errors: [], messages: [], result });

/** Cloudflare API "List Zones", "Create DNS Record", "Delete DNS Record". */
function api(stored: Stored): ApiHandler {
  const ids = new Map<string, { name: string; content: string }>();
  return (request) => {
    const { headers, json: body, path, query } = request;
    const zones = path.endsWith("/zones");
    const token = headers.get("authorization");
    const byKey =
      headers.get("x-auth-email") === "me@example.com" && headers.get("x-auth-key") === KEY;
    if (!byKey && token !== `Bearer ${zones ? ZONE : DNS}` && token !== `Bearer both-${DNS}`)
      return refused(9109, `Invalid access token ${token}`, 403);
    if (nameOf(request) === `GET ${API}/zones`) {
      expect(query).toEqual({ name: query["name"], per_page: "50" });
      return fine(query["name"] === "example.com" ? [{ id: "zone-1", name: "example.com" }] : []);
    }
    if (nameOf(request) === `POST ${API}/zones/zone-1/dns_records`) {
      expect(headers.get("content-type")).toBe("application/json");
      const { type, name, content, ttl, ...more } = body as Record<string, string | number>;
      expect([type, more]).toEqual(["TXT", {}]);
      expect(content).toMatch(/^"[\w-]+"$/);
      const record = { name: `${name}.`, content: String(content).slice(1, -1) };
      const id = `record-${ids.size}`;
      ids.set(id, record);
      stored.ttl = Number(ttl);
      const texts = stored.records.get(record.name) ?? [];
      if (texts.includes(record.content)) return refused(81058, "Record already exists.", 400);
      stored.records.set(record.name, [...texts, record.content]);
      return fine({ id, ...record });
    }
    const id = /^DELETE .*\/zones\/zone-1\/dns_records\/(.*)$/.exec(nameOf(request))?.[1] ?? "";
    const record = ids.get(id);
    if (record === undefined) return undefined;
    const texts = stored.records.get(record.name) ?? [];
    stored.records.set(
      record.name,
      texts.filter((text) => text !== record.content),
    );
    return fine({ id });
  };
}

testProvider({
  name: "cloudflare",
  env: () => ({ CF_DNS_API_TOKEN: DNS, CF_ZONE_API_TOKEN: ZONE }),
  secrets: ["CF_DNS_API_TOKEN", "CF_ZONE_API_TOKEN"],
  required: ["CF_DNS_API_TOKEN"],
  api,
  refusal: /cloudflare: .*403: 9109: Invalid access token Bearer \*\*\*/,
  noZone: /expected one zone "unknown.example" that the token may read, found 0/,
  ttl: { fallback: 120, variable: "CLOUDFLARE_TTL" },
  timeout: { fallback: 120_000, variable: "CLOUDFLARE_PROPAGATION_TIMEOUT" },
  interval: { fallback: 2000, variable: "CF_POLLING_INTERVAL" },
});

describe("cloudflare's credentials", () => {
  const cases: Record<string, Record<string, string>> = {
    "one token for both": { CLOUDFLARE_DNS_API_TOKEN: `both-${DNS}` },
    "an e-mail and a key": { CF_API_EMAIL: "me@example.com", CF_API_KEY: KEY },
    "lego's own names": {
      CLOUDFLARE_EMAIL: "me@example.com",
      CLOUDFLARE_API_KEY: KEY,
      // The key goes before it.
      CF_DNS_API_TOKEN: "unused",
    },
  };
  for (const [title, env] of Object.entries(cases))
    test(`are ${title}`, async () => {
      const stored: Stored = { records: new Map(), ttl: undefined };
      using double = new ApiDouble(api(stored));
      const provider = await cloudflare(dnsContext(double, env));
      await provider.present(recordOf("example.com", "v"), NEVER);
      expect([...stored.records.keys()]).toEqual(["_acme-challenge.example.com."]);
    });

  test("and places can be others, and times to live not shorter", async () => {
    using double = new ApiDouble(() => fine([]));
    const env = { CF_DNS_API_TOKEN: DNS, CLOUDFLARE_BASE_URL: `${double.url}/v4/` };
    const provider = await cloudflare(dnsContext(double, env));
    await failure(() => provider.present(recordOf("example.com", "v"), NEVER));
    expect(double.requests.map(nameOf)).toEqual([`GET ${double.url}/v4/zones`]);
    expect(
      await failure(() => cloudflare(dnsContext(double, { ...env, CLOUDFLARE_TTL: "60" }))),
    ).toBe("cloudflare: CLOUDFLARE_TTL: expected at least 120, found 60");
  });
});
