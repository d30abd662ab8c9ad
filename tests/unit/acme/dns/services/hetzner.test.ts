import { expect, test } from "bun:test";
import { hetzner } from "../../../../../src/acme/dns/services/hetzner.ts";
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

const API = "https://api.hetzner.cloud/v1";
const TOKEN = "hetzner-token-0123456789";
const refused = (code: string, message: string, status: number) =>
  json({ error: { code, message, details: null } }, status);

/** Hetzner Cloud API "Add Records to an RRSet", "Remove Records from an RRSet", "Get an Action". */
function api(stored: Stored): ApiHandler {
  return (request) => {
    const authorization = request.headers.get("authorization");
    if (authorization !== `Bearer ${TOKEN}`)
      return refused("unauthorized", `unable to authenticate ${authorization}`, 401);
    const [, zone, name, action] =
      /^POST https:\/\/api\.hetzner\.cloud\/v1\/zones\/([^/]+)\/rrsets\/([^/]+)\/TXT\/actions\/(\w+)$/.exec(
        nameOf(request),
      ) ?? [];
    if (zone !== "example.com") return refused("not_found", "zone not found", 404);
    const { ttl, records } = request.json as { ttl?: number; records: { value: string }[] };
    const [{ value }] = records;
    expect(value).toMatch(/^"[\w-]+"$/);
    const text = value.slice(1, -1);
    if (action === "add_records") addText(stored, `${name}.example.com.`, text, ttl);
    else if (action === "remove_records") dropText(stored, `${name}.example.com.`, text);
    else return undefined;
    return json({ action: { id: 1, command: action, status: "success", error: null } }, 201);
  };
}

testProvider({
  name: "hetzner",
  env: () => ({ HETZNER_API_TOKEN: TOKEN }),
  secrets: ["HETZNER_API_TOKEN"],
  required: ["HETZNER_API_TOKEN"],
  api,
  refusal: /hetzner: .*401: unauthorized: unable to authenticate Bearer \*\*\*/,
  noZone: /404: not_found: zone not found/,
  ttl: { fallback: 120, variable: "HETZNER_TTL" },
  timeout: { fallback: 60_000, variable: "HETZNER_PROPAGATION_TIMEOUT" },
  interval: { fallback: 2000, variable: "HETZNER_POLLING_INTERVAL" },
});

test("hetzner is waited for until it has done what it took on, or failed at it", async () => {
  let asked = 0;
  let end: object = { status: "success", error: null };
  using double = new ApiDouble((request) => {
    if (request.method === "POST") return json({ action: { id: 7, status: "running" } }, 201);
    expect(nameOf(request)).toBe(`GET ${API}/actions/7`);
    return json({ action: { id: 7, ...(++asked < 3 ? { status: "running" } : end) } });
  });
  const env = { HETZNER_API_TOKEN: TOKEN, HETZNER_POLLING_INTERVAL: "0" };
  const provider = await hetzner(dnsContext(double, env));
  await provider.present(recordOf("example.com", "v"), NEVER);
  expect(asked).toBe(3);
  end = { status: "error", error: { code: "action_failed", message: "Action failed" } };
  expect(await failure(() => provider.cleanUp(recordOf("example.com", "v"), NEVER))).toBe(
    "hetzner: remove_records of _acme-challenge.example.com. failed: action_failed: Action failed",
  );
});

test("hetzner's old console is asked where there is only a key for that", async () => {
  const records: { id: string; type: string; name: string; value: string }[] = [];
  using double = new ApiDouble((request) => {
    const { headers, json: body, query } = request;
    if (headers.get("auth-api-token") !== "console-key") return json({ message: "Invalid" }, 401);
    switch (nameOf(request)) {
      case "GET https://dns.hetzner.com/api/v1/zones":
        if (query["name"] !== "example.com")
          return json({ zones: [], error: { message: "zone not found", code: 404 } }, 404);
        return json({ zones: [{ id: "z", name: "example.com" }] });
      case "POST https://dns.hetzner.com/api/v1/records": {
        const { zone_id, ttl, ...record } = body as Record<string, string | number>;
        expect([zone_id, ttl]).toEqual(["z", 120]);
        records.push({ ...(record as (typeof records)[0]), id: `r${records.length}` });
        return json({ record });
      }
      case "GET https://dns.hetzner.com/api/v1/records":
        expect(query).toEqual({ zone_id: "z" });
        return json({ records });
      case "DELETE https://dns.hetzner.com/api/v1/records/r1":
        records.splice(1, 1);
        return json({});
    }
    return undefined;
  });
  const context = dnsContext(double, { HETZNER_API_KEY: "console-key" });
  const provider = await hetzner(context);
  expect(context.lines[0]).toContain("HETZNER_API_TOKEN replaces it");
  const [first, second] = [recordOf("example.com", "a"), recordOf("example.com", "b")];
  await provider.present(first, NEVER);
  await provider.present(second, NEVER);
  await provider.cleanUp(second, NEVER);
  expect(records).toEqual([{ id: "r0", type: "TXT", name: "_acme-challenge", value: first.value }]);
  expect(await failure(() => provider.cleanUp(second, NEVER))).toContain("no record of");
  expect(await failure(() => provider.present(recordOf("unknown.example", "v"), NEVER))).toBe(
    'hetzner: there is no zone "unknown.example"',
  );
  expect(double.unknown).toEqual([]);
});
