import { expect } from "bun:test";
import { type ApiHandler, json, nameOf } from "../api-double.ts";
import { addText, dropText, type Stored, testProvider } from "../provider-contract.ts";

const API = "https://api.digitalocean.com/v2/domains";
const TOKEN = "do-token-0123456789";

/** DigitalOcean API "Create a New Domain Record", "Delete a Domain Record". */
function api(stored: Stored): ApiHandler {
  const made = new Map<number, { name: string; data: string }>();
  return (request) => {
    const authorization = request.headers.get("authorization");
    if (authorization !== `Bearer ${TOKEN}`)
      return json({ id: "Unauthorized", message: `Unable to authenticate ${authorization}` }, 401);
    expect(request.headers.get("content-type")).toBe("application/json");
    if (!request.path.startsWith("/v2/domains/example.com/records"))
      return json(
        { id: "not_found", message: "The resource you requested could not be found." },
        404,
      );
    if (nameOf(request) === `POST ${API}/example.com/records`) {
      const { type, name, data, ttl, ...more } = request.json as Record<string, string>;
      expect([type, more]).toEqual(["TXT", {}]);
      made.set(made.size + 1, { name, data });
      addText(stored, name, data, ttl);
      return json({ domain_record: { id: made.size, type, name, data, ttl } }, 201);
    }
    const id = Number(/^DELETE .*\/records\/(\d+)$/.exec(nameOf(request))?.[1]);
    const record = made.get(id);
    if (record === undefined) return undefined;
    dropText(stored, record.name, record.data);
    return new Response(null, { status: 204 });
  };
}

testProvider({
  name: "digitalocean",
  env: () => ({ DO_AUTH_TOKEN: TOKEN }),
  secrets: ["DO_AUTH_TOKEN"],
  required: ["DO_AUTH_TOKEN"],
  api,
  refusal: /digitalocean: .*401: Unauthorized: Unable to authenticate Bearer \*\*\*/,
  noZone: /404: not_found: The resource you requested could not be found/,
  ttl: { fallback: 30, variable: "DO_TTL" },
  timeout: { fallback: 60_000, variable: "DO_PROPAGATION_TIMEOUT" },
  interval: { fallback: 5000, variable: "DO_POLLING_INTERVAL" },
});
