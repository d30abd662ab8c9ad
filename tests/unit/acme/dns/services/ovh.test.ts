import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { ovh } from "../../../../../src/acme/dns/services/ovh.ts";
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

const API = "https://eu.api.ovh.com/1.0";
const KEY = "ovh-app-key-0123";
const SECRET = "ovh-app-secret-0123456789";
const CONSUMER = "ovh-consumer-key-0123456789";

/** How far the API's clock is ahead of this machine's, in seconds. */
const AHEAD = 5000;

const zoneApi = (stored: Stored, authorized: (request: Parameters<ApiHandler>[0]) => boolean) => {
  const made = new Map<number, { fqdn: string; target: string }>();
  const written = new Map<string, readonly string[]>();
  const handler: ApiHandler = (request) => {
    if (!authorized(request))
      return json(
        { message: `Invalid signature ${request.headers.get("x-ovh-application")}` },
        403,
      );
    if (!request.path.startsWith("/1.0/domain/zone/example.com/"))
      return json({ message: "This service does not exist" }, 404);
    if (nameOf(request) === `POST ${API}/domain/zone/example.com/record`) {
      const { fieldType, subDomain, target, ttl, ...more } = request.json as Record<string, string>;
      expect([fieldType, more]).toEqual(["TXT", {}]);
      const fqdn = `${subDomain}.example.com.`;
      made.set(made.size + 1, { fqdn, target });
      written.set(fqdn, [...(written.get(fqdn) ?? stored.records.get(fqdn) ?? []), target]);
      stored.ttl = Number(ttl);
      return json({ id: made.size, fieldType, subDomain, target, ttl, zone: "example.com" });
    }
    if (nameOf(request) === `POST ${API}/domain/zone/example.com/refresh`) {
      // Only now are the changes served.
      for (const [fqdn, texts] of written) stored.records.set(fqdn, [...texts]);
      return new Response(null, { status: 200 });
    }
    const id = Number(/^DELETE .*\/record\/(\d+)$/.exec(nameOf(request))?.[1]);
    const record = made.get(id);
    if (record === undefined) return undefined;
    written.set(
      record.fqdn,
      (written.get(record.fqdn) ?? []).filter((text) => text !== record.target),
    );
    return new Response(null, { status: 200 });
  };
  return handler;
};

/** OVHcloud "First steps with the API": requests are signed with the API's time. */
function api(stored: Stored): ApiHandler {
  const zone = zoneApi(stored, ({ method, headers, origin, path, body }) => {
    const time = headers.get("x-ovh-timestamp");
    const text = [SECRET, CONSUMER, method, `${origin}${path}`, body, time].join("+");
    const signature = `$1$${createHash("sha1").update(text).digest("hex")}`;
    return (
      headers.get("x-ovh-application") === KEY &&
      headers.get("x-ovh-consumer") === CONSUMER &&
      Math.abs(Number(time) - Date.now() / 1000 - AHEAD) < 60 &&
      headers.get("x-ovh-signature") === signature
    );
  });
  return (request) =>
    nameOf(request) === `GET ${API}/auth/time`
      ? json(Math.floor(Date.now() / 1000) + AHEAD)
      : zone(request);
}

testProvider({
  name: "ovh",
  env: () => ({
    OVH_APPLICATION_KEY: KEY,
    OVH_APPLICATION_SECRET: SECRET,
    OVH_CONSUMER_KEY: CONSUMER,
  }),
  secrets: ["OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY"],
  required: ["OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY"],
  api,
  refusal: /ovh: .*403: Invalid signature \*\*\*/,
  noZone: /404: This service does not exist/,
  ttl: { fallback: 120, variable: "OVH_TTL" },
  timeout: { fallback: 60_000, variable: "OVH_PROPAGATION_TIMEOUT" },
  interval: { fallback: 2000, variable: "OVH_POLLING_INTERVAL" },
});

describe("ovh's credentials", () => {
  const bearer = (token: string) => (request: Parameters<ApiHandler>[0]) =>
    request.headers.get("authorization") === `Bearer ${token}`;

  test("are an access token", async () => {
    const stored: Stored = { records: new Map(), ttl: undefined };
    using double = new ApiDouble(zoneApi(stored, bearer("access")));
    const provider = await ovh(dnsContext(double, { OVH_ACCESS_TOKEN: "access" }));
    await provider.present(recordOf("example.com", "v"), NEVER);
    expect(stored.records.size).toBe(1);
  });

  test("are an OAuth client, whose token is kept", async () => {
    const stored: Stored = { records: new Map(), ttl: undefined };
    const zone = zoneApi(stored, bearer("made"));
    let tokens = 0;
    using double = new ApiDouble((request) => {
      if (nameOf(request) !== "POST https://www.ovh.com/auth/oauth2/token") return zone(request);
      tokens++;
      if (request.form["client_secret"] !== "client-secret-0123")
        return json({ error: "invalid_client", error_description: "Wrong client" }, 401);
      expect(request.form).toEqual({
        grant_type: "client_credentials",
        client_id: "client",
        client_secret: "client-secret-0123",
        scope: "all",
      });
      return json({ access_token: "made", token_type: "Bearer", expires_in: 3600 });
    });
    const env = { OVH_CLIENT_ID: "client", OVH_CLIENT_SECRET: "client-secret-0123" };
    const provider = await ovh(dnsContext(double, env));
    await provider.present(recordOf("example.com", "v"), NEVER);
    expect([stored.records.size, tokens]).toEqual([1, 1]);
    const wrong = await ovh(dnsContext(double, { ...env, OVH_CLIENT_SECRET: "wrong" }));
    expect(await failure(() => wrong.present(recordOf("example.com", "v"), NEVER))).toContain(
      "401: Wrong client",
    );
  });

  test.each([
    [{}, "found none of them"],
    [{ OVH_ACCESS_TOKEN: "a", OVH_CLIENT_ID: "b" }, "found several"],
    [{ OVH_CLIENT_ID: "b" }, "found one of them"],
    [{ OVH_ENDPOINT: "ovh-xx", OVH_ACCESS_TOKEN: "a" }, 'found "ovh-xx"'],
    [
      { OVH_ENDPOINT: "kimsufi-eu", OVH_CLIENT_ID: "b", OVH_CLIENT_SECRET: "c" },
      "takes no OAuth client",
    ],
  ])("%j are refused", async (env: Record<string, string>, why) => {
    using double = new ApiDouble(() => undefined);
    expect(await failure(() => ovh(dnsContext(double, env)))).toContain(why);
  });

  test("go to the endpoint that is named", async () => {
    using double = new ApiDouble(() => undefined);
    for (const [OVH_ENDPOINT, origin] of [
      ["ovh-ca", "https://ca.api.ovh.com"],
      [`${double.url}/1.0`, double.url],
    ]) {
      const provider = await ovh(dnsContext(double, { OVH_ENDPOINT, OVH_ACCESS_TOKEN: "a" }));
      await failure(() => provider.present(recordOf("example.com", "v"), NEVER));
      expect(double.requests.at(-1)?.origin).toBe(origin);
    }
  });
});
