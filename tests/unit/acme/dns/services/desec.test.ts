import { expect } from "bun:test";
import { type ApiHandler, json, nameOf } from "../api-double.ts";
import { type Stored, testProvider } from "../provider-contract.ts";

const API = "https://desec.io/api/v1/domains/";
const TOKEN = "desec-token-0123456789";

/** deSEC "Domain Management" and "Retrieving and Manipulating DNS Information". */
function api(stored: Stored): ApiHandler {
  const unquote = (texts: readonly string[]) => texts.map((text) => /^"(.*)"$/.exec(text)![1]);
  return (request) => {
    const { headers, json: body, query } = request;
    if (headers.get("authorization") !== `Token ${TOKEN}`)
      return json({ detail: `Invalid token: ${headers.get("authorization")}` }, 401);
    if (nameOf(request) === `GET ${API}`) {
      const owns = query["owns_qname"] ?? "";
      expect(owns).not.toEndWith(".");
      return json(owns.endsWith("example.com") ? [{ name: "example.com", minimum_ttl: 3600 }] : []);
    }
    if (nameOf(request) === `POST ${API}example.com/rrsets/`) {
      const { subname, type, records, ttl } = body as {
        subname: string;
        type: string;
        records: string[];
        ttl: number;
      };
      expect(type).toBe("TXT");
      if (ttl < 3600)
        return json({ ttl: ["Ensure this value is greater than or equal to 3600."] }, 400);
      stored.ttl = ttl;
      stored.records.set(`${subname}.example.com.`, unquote(records));
      return json(body, 201);
    }
    const [, method, name] =
      /^(\w+) https:\/\/desec\.io\/api\/v1\/domains\/example\.com\/rrsets\/([^/]+)\/TXT\/$/.exec(
        nameOf(request),
      ) ?? [];
    const fqdn = `${name}.example.com.`;
    const texts = stored.records.get(fqdn);
    if (method !== undefined && texts === undefined) return json({ detail: "Not found." }, 404);
    if (method === "GET")
      return json({ subname: name, records: texts!.map((text) => `"${text}"`), ttl: 3600 });
    if (method !== "PATCH") return undefined;
    const { records } = body as { records: string[] };
    if (records.length > 0) stored.records.set(fqdn, unquote(records));
    else stored.records.delete(fqdn);
    return records.length > 0 ? json({ records }) : new Response(null, { status: 204 });
  };
}

testProvider({
  name: "desec",
  env: () => ({ DESEC_TOKEN: TOKEN }),
  secrets: ["DESEC_TOKEN"],
  required: ["DESEC_TOKEN"],
  api,
  refusal: /desec: .*401: Invalid token: Token \*\*\*/,
  noZone: /the account has no domain that _acme-challenge.www.unknown.example. is in/,
  ttl: { fallback: 3600, variable: "DESEC_TTL" },
  timeout: { fallback: 120_000, variable: "DESEC_PROPAGATION_TIMEOUT" },
  interval: { fallback: 4000, variable: "DESEC_POLLING_INTERVAL" },
});
