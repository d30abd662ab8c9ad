import { expect, test } from "bun:test";
import { namecheap } from "../../../../../src/acme/dns/services/namecheap.ts";
import { ApiDouble, type ApiHandler, dnsContext, NEVER, nameOf, recordOf } from "../api-double.ts";
import { failure, type Stored, testProvider } from "../provider-contract.ts";

const API = "https://api.namecheap.com/xml.response";
const KEY = "namecheap-key-0123456789";

/** What the domain has besides, which must be there afterwards as it was. */
const OTHERS = [
  { Name: "@", Type: "A", Address: "192.0.2.1", MXPref: "10", TTL: "1800" },
  { Name: "@", Type: "MX", Address: "mail.example.com.", MXPref: "5", TTL: "1800" },
  { Name: "spf", Type: "TXT", Address: 'v=spf1 "a" & <b>', MXPref: "10", TTL: "60" },
];

const answer = (status: string, body: string) =>
  new Response(
    `<?xml version="1.0" encoding="utf-8"?>\n<ApiResponse Status="${status}" xmlns="http://api.namecheap.com/xml.response">${body}</ApiResponse>`,
  );
const refused = (number: number, text: string) =>
  answer("ERROR", `<Errors><Error Number="${number}">${text}</Error></Errors><CommandResponse/>`);
const escaped = (text: string) => text.replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Namecheap API "domains.dns.getHosts", "domains.dns.setHosts". */
function api(stored: Stored): ApiHandler {
  return (request) => {
    if (nameOf(request) === "GET https://dynamicdns.park-your-domain.com/getip")
      return new Response("203.0.113.7");
    const post = nameOf(request) === `POST ${API}`;
    if (!post && nameOf(request) !== `GET ${API}`) return undefined;
    const { ApiKey, Command, SLD, TLD, ...more } = post ? request.form : request.query;
    expect(more).toMatchObject({ ApiUser: "user", UserName: "user", ClientIp: "203.0.113.7" });
    if (ApiKey !== KEY) return refused(1011102, `API Key ${ApiKey} is invalid`);
    if (`${SLD}.${TLD}` !== "example.com") return refused(2019166, "Domain not found");
    if (Command === "namecheap.domains.dns.getHosts") {
      const hosts = [
        ...OTHERS,
        ...[...stored.records].flatMap(([fqdn, texts]) =>
          texts.map((Address) => ({
            Name: fqdn.replace(".example.com.", ""),
            Type: "TXT",
            Address,
            MXPref: "10",
            TTL: "120",
          })),
        ),
      ].map((host, index) => {
        const fields = Object.entries(host).map(([key, value]) => `${key}="${escaped(value)}"`);
        return `<host HostId="${index}" ${fields.join(" ")} IsActive="true" />`;
      });
      return answer(
        "OK",
        `<Errors /><CommandResponse Type="${Command}"><DomainDNSGetHostsResult Domain="example.com" EmailType="MX" IsUsingOurDNS="true">${hosts.join("\n")}</DomainDNSGetHostsResult></CommandResponse>`,
      );
    }
    expect([Command, post, more["EmailType"]]).toEqual([
      "namecheap.domains.dns.setHosts",
      true,
      "MX",
    ]);
    stored.records.clear();
    const others = [];
    for (let number = 1; more[`HostName${number}`] !== undefined; number++) {
      const host = {
        Name: more[`HostName${number}`],
        Type: more[`RecordType${number}`],
        Address: more[`Address${number}`],
        MXPref: more[`MXPref${number}`],
        TTL: more[`TTL${number}`],
      };
      if (!host.Name.startsWith("_acme-challenge")) others.push(host);
      else {
        const fqdn = `${host.Name}.example.com.`;
        stored.records.set(fqdn, [...(stored.records.get(fqdn) ?? []), host.Address]);
        stored.ttl = Number(host.TTL);
      }
    }
    expect(others).toEqual(OTHERS);
    return answer(
      "OK",
      `<Errors /><CommandResponse Type="${Command}"><DomainDNSSetHostsResult Domain="example.com" IsSuccess="true" /></CommandResponse>`,
    );
  };
}

testProvider({
  name: "namecheap",
  env: () => ({ NAMECHEAP_API_USER: "user", NAMECHEAP_API_KEY: KEY }),
  secrets: ["NAMECHEAP_API_KEY"],
  required: ["NAMECHEAP_API_USER", "NAMECHEAP_API_KEY"],
  api,
  refusal: /namecheap: getHosts for example.com.: API Key \*\*\* is invalid \[1011102\]/,
  noZone: /namecheap: getHosts for unknown.example.: Domain not found \[2019166\]/,
  ttl: { fallback: 120, variable: "NAMECHEAP_TTL" },
  timeout: { fallback: 3_600_000, variable: "NAMECHEAP_PROPAGATION_TIMEOUT" },
  interval: { fallback: 15_000, variable: "NAMECHEAP_POLLING_INTERVAL" },
});

test("namecheap's records are never replaced by what could not be read", async () => {
  using double = new ApiDouble(({ path }) =>
    path === "/getip" ? new Response("203.0.113.7") : answer("OK", "<CommandResponse/>"),
  );
  const env = {
    NAMECHEAP_API_USER: "user",
    NAMECHEAP_API_KEY: KEY,
    NAMECHEAP_SANDBOX: "true",
  };
  const provider = await namecheap(dnsContext(double, env));
  expect(await failure(() => provider.present(recordOf("example.com", "v"), NEVER))).toContain(
    "expected DomainDNSGetHostsResult, found none",
  );
  expect(double.requests.map(nameOf).slice(1)).toEqual([
    "GET https://api.sandbox.namecheap.com/xml.response",
  ]);
});
