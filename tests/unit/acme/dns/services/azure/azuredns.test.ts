import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { createPublicKey, createVerify } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { azuredns } from "../../../../../../src/acme/dns/services/azure/azuredns.ts";
import {
  ApiDouble,
  type ApiHandler,
  type ApiRequest,
  dnsContext,
  json,
  NEVER,
  nameOf,
  recordOf,
} from "../../api-double.ts";
import { failure, type Stored, testProvider } from "../../provider-contract.ts";

const MANAGEMENT = "https://management.azure.com";
const LOGIN = "https://login.microsoftonline.com/tenant/oauth2/v2.0/token";
const SECRET = "azure-secret-0123456789";
const TOKEN = "azure-access-token";

const refused = (code: string, message: string, status: number) =>
  json({ error: { code, message } }, status);
const granted = () => json({ token_type: "Bearer", access_token: TOKEN, expires_in: 3600 });

/** Azure "Record Sets" (public 2018-05-01, private 2024-06-01) and "Resources" of Resource Graph. */
function records(stored: Stored, type = "dnsZones"): ApiHandler {
  const [ttlKey, textsKey] = type === "dnsZones" ? ["TTL", "TXTRecords"] : ["ttl", "txtRecords"];
  return (request) => {
    const { headers, json: body, query } = request;
    if (headers.get("authorization") !== `Bearer ${TOKEN}`)
      return refused("InvalidAuthenticationToken", `Bad ${headers.get("authorization")}`, 401);
    if (nameOf(request) === `POST ${MANAGEMENT}/providers/Microsoft.ResourceGraph/resources`) {
      expect(query).toEqual({ "api-version": "2024-04-01" });
      const { query: text, options } = body as { query: string; options: object };
      expect(options).toMatchObject({ resultFormat: "objectArray", $top: 1000 });
      expect(text.split("\n").slice(0, 2)).toEqual([
        "resources",
        `| where type =~ "microsoft.network/${type.toLowerCase()}"`,
      ]);
      const zone = { name: "example.com", subscriptionId: "sub", resourceGroup: "group" };
      return json({ totalRecords: 1, count: 1, data: [zone] });
    }
    const [, method, name] =
      /^(\w+) https:\/\/management\.azure\.com\/subscriptions\/sub\/resourceGroups\/group\/providers\/Microsoft\.Network\/(?:dnsZones|privateDnsZones)\/example\.com\/TXT\/(.+)$/.exec(
        nameOf(request),
      ) ?? [];
    if (method === undefined || !request.path.includes(`/${type}/`)) return undefined;
    expect(query).toEqual({
      "api-version": type === "dnsZones" ? "2018-05-01" : "2024-06-01",
    });
    const fqdn = `${name}.example.com.`;
    const texts = stored.records.get(fqdn);
    if (method === "DELETE") {
      stored.records.delete(fqdn);
      return new Response(null, { status: texts === undefined ? 204 : 200 });
    }
    if (method === "PUT") {
      const properties = (body as { properties: Record<string, unknown> }).properties;
      stored.ttl = properties[ttlKey] as number;
      stored.records.set(
        fqdn,
        (properties[textsKey] as { value: string[] }[]).map(({ value }) => value.join("")),
      );
      return json(body, 201);
    }
    if (texts === undefined) return refused("NotFound", "The resource record was not found.", 404);
    const found = texts.map((text) => ({ value: [text] }));
    return json({ name, properties: { [ttlKey]: 60, [textsKey]: found } });
  };
}

/** Signs in as `allowed` says, and answers for the zone example.com. */
function api(stored: Stored, allowed: (request: ApiRequest) => boolean, type?: string): ApiHandler {
  const zone = records(stored, type);
  return (request) => {
    if (nameOf(request) !== `POST ${LOGIN}`) return zone(request);
    expect(request.form).toMatchObject({
      grant_type: "client_credentials",
      client_id: "client",
      scope: `${MANAGEMENT}/.default`,
    });
    if (allowed(request)) return granted();
    return json(
      { error: "invalid_client", error_description: `AADSTS7000215: Invalid: ${request.body}` },
      401,
    );
  };
}

const bySecret = ({ form }: ApiRequest) => form["client_secret"] === SECRET;
const IDENTITY = { AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "client" };

testProvider({
  name: "azuredns",
  env: () => ({ ...IDENTITY, AZURE_CLIENT_SECRET: SECRET, AZURE_AUTH_METHOD: "env" }),
  secrets: ["AZURE_CLIENT_SECRET"],
  required: [],
  api: (stored) => api(stored, bySecret),
  refusal: /azuredns: .*401: AADSTS7000215: Invalid/,
  noZone: /azuredns: no zone "unknown.example" is to be seen with these credentials/,
  ttl: { fallback: 60, variable: "AZURE_TTL" },
  timeout: { fallback: 120_000, variable: "AZURE_PROPAGATION_TIMEOUT" },
  interval: { fallback: 2000, variable: "AZURE_POLLING_INTERVAL" },
});

describe("azuredns", () => {
  let directory: string;
  const stored = (): Stored => ({ records: new Map(), ttl: undefined });

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "sluice-azure-"));
    const options = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=x -keyout key -out cert";
    execFileSync("openssl", options.split(" "), { cwd: directory, stdio: "ignore" });
    const both =
      readFileSync(join(directory, "cert"), "utf8") + readFileSync(join(directory, "key"));
    writeFileSync(join(directory, "both.pem"), both);
    writeFileSync(join(directory, "token"), "federated-token\n");
    writeFileSync(
      join(directory, "az"),
      `#!/bin/sh\n[ "$*" = "account get-access-token -o json --resource ${MANAGEMENT} --tenant tenant" ] || { echo "Please run az login" >&2; exit 1; }\necho '{"accessToken":"${TOKEN}","expires_on":4102444800}'\n`,
    );
    chmodSync(join(directory, "az"), 0o755);
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  async function present(handler: ApiHandler, env: Record<string, string>) {
    const double = new ApiDouble(handler);
    try {
      const provider = await azuredns(dnsContext(double, env));
      await provider.present(recordOf("example.com", "v"), NEVER);
      expect(double.unknown).toEqual([]);
      return double.requests;
    } finally {
      double[Symbol.dispose]();
    }
  }

  const asserted =
    (token: string) =>
    ({ form }: ApiRequest) =>
      form["client_assertion"] === token &&
      form["client_assertion_type"] === "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

  test("signs in with a certificate", async () => {
    const kept = stored();
    const verified = ({ form }: ApiRequest) => {
      const [header, claims, signature] = (form["client_assertion"] ?? "").split(".");
      const key = createPublicKey(readFileSync(join(directory, "cert")));
      const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
      expect(read(header)).toMatchObject({ alg: "RS256", typ: "JWT" });
      expect(read(header).x5t).toHaveLength(27);
      expect(read(claims)).toMatchObject({ aud: LOGIN, iss: "client", sub: "client" });
      return createVerify("RSA-SHA256")
        .update(`${header}.${claims}`)
        .verify(key, signature, "base64url");
    };
    const env = { ...IDENTITY, AZURE_CLIENT_CERTIFICATE_PATH: join(directory, "both.pem") };
    await present(api(kept, verified), env);
    expect(kept.records.size).toBe(1);
    const missing = { ...env, AZURE_CLIENT_CERTIFICATE_PATH: join(directory, "cert") };
    expect(await failure(() => present(api(kept, verified), missing))).toContain(
      "expected a private key in PEM, found none",
    );
  });

  test("signs in with a workload's token", async () => {
    const env = { ...IDENTITY, AZURE_FEDERATED_TOKEN_FILE: join(directory, "token") };
    await present(api(stored(), asserted("federated-token")), env);
  });

  test("signs in with an OpenID Connect token, given or asked for", async () => {
    const oidc = { ...IDENTITY, AZURE_AUTH_METHOD: "oidc" };
    await present(api(stored(), asserted("given")), { ...oidc, AZURE_OIDC_TOKEN: "given" });
    const path = { ...oidc, AZURE_OIDC_TOKEN_FILE_PATH: join(directory, "token") };
    await present(api(stored(), asserted("federated-token")), path);
    const zone = api(stored(), asserted("asked"));
    const issuer: ApiHandler = (request) => {
      if (request.origin !== "https://issuer.example") return zone(request);
      expect(request.headers.get("authorization")).toBe("Bearer request-token");
      expect(request.query).toEqual({ run: "1", audience: "api://AzureADTokenExchange" });
      return json({ count: 1, value: "asked" });
    };
    await present(issuer, {
      ...oidc,
      ACTIONS_ID_TOKEN_REQUEST_URL: "https://issuer.example/token?run=1",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request-token",
    });
  });

  test("signs in from a pipeline", async () => {
    const zone = api(stored(), asserted("of-the-pipeline"));
    const issuer: ApiHandler = (request) => {
      if (request.origin !== "https://devops.example") return zone(request);
      expect([request.method, request.query]).toEqual([
        "POST",
        { "api-version": "7.1", serviceConnectionId: "connection" },
      ]);
      return json({ oidcToken: "of-the-pipeline" });
    };
    await present(issuer, {
      ...IDENTITY,
      AZURE_AUTH_METHOD: "pipeline",
      SYSTEM_OIDCREQUESTURI: "https://devops.example/oidc",
      AZURE_SERVICE_CONNECTION_ID: "connection",
      SYSTEM_ACCESSTOKEN: "access",
    });
  });

  test("takes the machine's identity, that of an app, or what az login left", async () => {
    const zone = records(stored());
    const machine: ApiHandler = (request) => {
      if (request.origin !== "http://169.254.169.254") return zone(request);
      expect(request.path).toBe("/metadata/identity/oauth2/token");
      expect(request.headers.get("metadata")).toBe("true");
      expect(request.query).toEqual({ "api-version": "2018-02-01", resource: MANAGEMENT });
      return json({ access_token: TOKEN, expires_in: "3600" });
    };
    await present(machine, {});
    const app: ApiHandler = (request) => {
      if (request.origin !== "http://app.example") return zone(request);
      expect(request.headers.get("x-identity-header")).toBe("header");
      return json({ access_token: TOKEN, expires_in: "3600" });
    };
    await present(app, {
      AZURE_AUTH_METHOD: "msi",
      IDENTITY_ENDPOINT: "http://app.example/msi",
      IDENTITY_HEADER: "header",
    });
    const before = process.env["PATH"];
    process.env["PATH"] = `${directory}:${before}`;
    try {
      const cli = { AZURE_AUTH_METHOD: "cli", AZURE_TENANT_ID: "tenant" };
      await present(zone, cli);
      expect(await failure(() => present(zone, { ...cli, AZURE_TENANT_ID: "other" }))).toContain(
        "az account get-access-token: Please run az login",
      );
    } finally {
      process.env["PATH"] = before;
    }
  });

  test("takes private zones, and needn't look for what is named", async () => {
    const kept = stored();
    const env = {
      ...IDENTITY,
      AZURE_CLIENT_SECRET: SECRET,
      AZURE_PRIVATE_ZONE: "true",
      AZURE_SUBSCRIPTION_ID: "sub",
      AZURE_RESOURCE_GROUP: "group",
    };
    const requests = await present(api(kept, bySecret, "privateDnsZones"), env);
    expect(kept.records.size).toBe(1);
    expect(requests.map(({ method }) => method)).toEqual(["POST", "GET", "PUT"]);
  });

  test("refuses what it can't tell apart, and words that mean nothing", async () => {
    const two: ApiHandler = (request) =>
      nameOf(request) === `POST ${LOGIN}`
        ? granted()
        : json({
            totalRecords: 2,
            data: ["a", "b"].map((resourceGroup) => ({
              name: "example.com",
              subscriptionId: "sub",
              resourceGroup,
            })),
          });
    const env = { ...IDENTITY, AZURE_CLIENT_SECRET: SECRET };
    expect(await failure(() => present(two, env))).toContain("several zones have the name");
    for (const [variable, value] of [
      ["AZURE_ENVIRONMENT", "german"],
      ["AZURE_AUTH_METHOD", "magic"],
    ])
      expect(await failure(() => present(two, { ...env, [variable]: value }))).toContain(
        `${variable}: expected one of`,
      );
  });
});
