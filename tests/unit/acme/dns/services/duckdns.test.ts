import { expect, test } from "bun:test";
import { duckdns } from "../../../../../src/acme/dns/services/duckdns.ts";
import { ApiDouble, type ApiHandler, dnsContext, NEVER, nameOf, recordOf } from "../api-double.ts";
import { type Stored, testProvider } from "../provider-contract.ts";

const TOKEN = "11111111-2222-3333-4444-555555555555";

/** Duck DNS "TXT record API": one record for the subdomain and all below it; OK or KO. */
function api(stored: Stored): ApiHandler {
  return (request) => {
    if (nameOf(request) !== "GET https://www.duckdns.org/update") return undefined;
    const { domains, token, txt, clear, ...more } = request.query;
    expect(more).toEqual({});
    if (token !== TOKEN || domains !== "me.duckdns.org") return new Response("KO");
    const fqdn = "_acme-challenge.me.duckdns.org.";
    if (clear === "true") stored.records.delete(fqdn);
    else stored.records.set(fqdn, [txt]);
    return new Response("OK");
  };
}

testProvider({
  name: "duckdns",
  domain: "me.duckdns.org",
  single: true,
  env: () => ({ DUCKDNS_TOKEN: TOKEN }),
  secrets: ["DUCKDNS_TOKEN"],
  required: ["DUCKDNS_TOKEN"],
  api,
  refusal: /duckdns: expected OK for me.duckdns.org, found "KO"/,
  noZone: /duckdns: expected a name below duckdns.org, found _acme-challenge.www.unknown.example./,
  timeout: { fallback: 60_000, variable: "DUCKDNS_PROPAGATION_TIMEOUT" },
  interval: { fallback: 2000, variable: "DUCKDNS_POLLING_INTERVAL" },
  sequence: { fallback: 60_000, variable: "DUCKDNS_SEQUENCE_INTERVAL" },
});

test("duckdns never shows its token, which is in the URL", async () => {
  const double = new ApiDouble(() => undefined);
  const provider = await duckdns(dnsContext(double, { DUCKDNS_TOKEN: TOKEN }));
  const present = () => provider.present(recordOf("a.b.me.duckdns.org", "v"), NEVER);
  await expect(present()).rejects.toThrow(
    "duckdns: GET https://www.duckdns.org/update: 404: no such thing here",
  );
  expect(double.requests[0].query["domains"]).toBe("me.duckdns.org");
  double[Symbol.dispose]();
  await expect(present()).rejects.not.toThrow(TOKEN);
});
