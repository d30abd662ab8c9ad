import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acmeDns } from "../../../../../src/acme/dns/own/acme-dns.ts";
import {
  ApiDouble,
  type ApiHandler,
  dnsContext,
  json,
  NEVER,
  nameOf,
  recordOf,
} from "../api-double.ts";
import { failure } from "../provider-contract.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-acme-dns-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ACCOUNT = {
  fulldomain: "8e5700ea.auth.example.org",
  subdomain: "8e5700ea",
  username: "c36f50e8",
  password: "acme-dns-password-0123456789",
  allowfrom: [],
};

/** acme-dns "API": POST /register and /update. */
function server(): { handler: ApiHandler; texts: string[]; registered: unknown[] } {
  const texts: string[] = [];
  const registered: unknown[] = [];
  const handler: ApiHandler = (request) => {
    if (nameOf(request) === "POST https://auth.example.org/register") {
      registered.push(request.json);
      return json(ACCOUNT, 201);
    }
    if (nameOf(request) !== "POST https://auth.example.org/update") return undefined;
    const { headers } = request;
    if (
      headers.get("x-api-user") !== ACCOUNT.username ||
      headers.get("x-api-key") !== ACCOUNT.password
    )
      return json({ error: `forbidden ${headers.get("x-api-key")}` }, 401);
    const { subdomain, txt } = request.json as Record<string, string>;
    expect(subdomain).toBe(ACCOUNT.subdomain);
    if (txt.length !== 43) return json({ error: "bad_txt" }, 400);
    texts.push(txt);
    return json({ txt });
  };
  return { handler, texts, registered };
}

const BASE = { ACME_DNS_API_BASE: "https://auth.example.org" };

describe("acme-dns", () => {
  test("has an account for each domain in a file, and names the CNAME that a new one needs", async () => {
    const { handler, texts, registered } = server();
    using double = new ApiDouble(handler);
    const path = join(directory, "accounts.json");
    const env = {
      ...BASE,
      ACME_DNS_STORAGE_PATH: path,
      ACME_DNS_ALLOWLIST: "192.0.2.0/24,::1/128",
    };
    const record = recordOf("example.com", "v");
    const first = await acmeDns(dnsContext(double, env));
    expect(await failure(() => first.present(record, NEVER))).toBe(
      "acme-dns: an account was made for example.com: create _acme-challenge.example.com. CNAME 8e5700ea.auth.example.org. " +
        "in its zone, once; orders succeed from then on",
    );
    expect(registered).toEqual([{ allowfrom: ["192.0.2.0/24", "::1/128"] }]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
      "example.com": { ...ACCOUNT, server_url: "https://auth.example.org" },
    });
    const second = await acmeDns(dnsContext(double, env));
    await second.present(record, NEVER);
    await second.cleanUp(record, NEVER);
    expect(texts).toEqual([record.value]);
    await failure(() => second.present(recordOf("other.example", "v"), NEVER));
    expect(Object.keys(JSON.parse(readFileSync(path, "utf8")) as object)).toEqual([
      "example.com",
      "other.example",
    ]);
  });

  test("says what the server says, and shows no password", async () => {
    using double = new ApiDouble(server().handler);
    const path = join(directory, "wrong.json");
    writeFileSync(path, JSON.stringify({ "example.com": { ...ACCOUNT, password: "wrong-0123" } }));
    const env = { ...BASE, ACME_DNS_STORAGE_PATH: path };
    const provider = await acmeDns(dnsContext(double, env));
    expect(await failure(() => provider.present(recordOf("example.com", "v"), NEVER))).toBe(
      "acme-dns: POST https://auth.example.org/update: 401: forbidden ***",
    );
    writeFileSync(path, "{broken");
    expect(await failure(() => provider.present(recordOf("example.com", "v"), NEVER))).toBe(
      `acme-dns: ${path}: expected an object of accounts as JSON`,
    );
    expect(readFileSync(path, "utf8")).toBe("{broken");
  });

  test("has its accounts on a server, which may make the CNAME itself", async () => {
    const { handler, texts } = server();
    const accounts = new Map<string, unknown>();
    let status = 201;
    using double = new ApiDouble((request) => {
      if (request.origin !== "https://storage.example") return handler(request);
      const domain = request.path.slice("/accounts/".length);
      if (request.method === "GET")
        return accounts.has(domain) ? json(accounts.get(domain)) : json({}, 404);
      accounts.set(domain, request.json);
      return json({}, status);
    });
    const env = { ...BASE, ACME_DNS_STORAGE_BASE_URL: "https://storage.example/accounts" };
    const provider = await acmeDns(dnsContext(double, env));
    await provider.present(recordOf("example.com", "v"), NEVER);
    await provider.present(recordOf("example.com", "w"), NEVER);
    expect(texts).toHaveLength(2);
    status = 200;
    expect(await failure(() => provider.present(recordOf("other.example", "v"), NEVER))).toContain(
      "create _acme-challenge.other.example. CNAME",
    );
  });

  test("needs one place for accounts", async () => {
    using double = new ApiDouble(() => undefined);
    expect(await failure(() => acmeDns(dnsContext(double, BASE)))).toContain("found neither");
    const both = { ...BASE, ACME_DNS_STORAGE_PATH: "a", ACME_DNS_STORAGE_BASE_URL: "b" };
    expect(await failure(() => acmeDns(dnsContext(double, both)))).toContain("found both");
    expect(await failure(() => acmeDns(dnsContext(double, {})))).toContain("ACME_DNS_API_BASE");
    expect(existsSync("a")).toBe(false);
  });
});
