import { expect } from "bun:test";
import { type ApiHandler, json, nameOf } from "../api-double.ts";
import { addText, dropText, type Stored, testProvider } from "../provider-contract.ts";

const API = "https://api.autodns.com/v1";
const PASSWORD = "autodns-password-0123456789";

const refused = (code: string, text: string, status: number) =>
  json(
    {
      stid: "20200101-app1-1",
      messages: [{ text, code, status: "ERROR" }],
      status: { code, text: "Request failed", type: "ERROR" },
    },
    status,
  );

/** AutoDNS JSON API "zone/{name}/_stream". */
function api(stored: Stored): ApiHandler {
  return (request) => {
    const { headers, json: body } = request;
    const [, user, password] =
      /^(.*?):(.*)$/.exec(atob(headers.get("authorization")?.slice("Basic ".length) ?? "")) ?? [];
    if (user !== "user" || password !== PASSWORD)
      return refused("EF01001", `Authentication failed for ${user}:${password}`, 401);
    expect(headers.get("x-domainrobot-context")).toBe("4");
    const name = /^POST .*\/v1\/zone\/([^/]+)\/_stream$/.exec(nameOf(request))?.[1];
    if (name === undefined || request.origin !== new URL(API).origin) return undefined;
    if (!name.endsWith(".example.com."))
      return refused("EF02022", "The zone could not be found", 404);
    const { adds, rems } = body as Record<"adds" | "rems", Record<string, string>[] | null>;
    for (const record of [...(adds ?? []), ...(rems ?? [])])
      expect(record).toMatchObject({ name, type: "TXT" });
    for (const { value, ttl } of adds ?? []) addText(stored, name, value, ttl);
    for (const { value } of rems ?? []) dropText(stored, name, value);
    return json({ stid: "1", status: { code: "S0301", text: "Updated", type: "SUCCESS" } });
  };
}

testProvider({
  name: "autodns",
  env: () => ({ AUTODNS_API_USER: "user", AUTODNS_API_PASSWORD: PASSWORD }),
  secrets: ["AUTODNS_API_PASSWORD"],
  required: ["AUTODNS_API_USER", "AUTODNS_API_PASSWORD"],
  api,
  refusal: /autodns: .*401: Request failed; EF01001: Authentication failed for \*\*\*/,
  noZone: /404: Request failed; EF02022: The zone could not be found/,
  ttl: { fallback: 600, variable: "AUTODNS_TTL" },
  timeout: { fallback: 120_000, variable: "AUTODNS_PROPAGATION_TIMEOUT" },
  interval: { fallback: 2000, variable: "AUTODNS_POLLING_INTERVAL" },
});
