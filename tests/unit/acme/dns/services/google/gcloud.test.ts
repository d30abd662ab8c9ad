import { afterAll, describe, expect, test } from "bun:test";
import { createPublicKey, createVerify, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gcloud } from "../../../../../../src/acme/dns/services/google/gcloud.ts";
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

const API = "https://dns.googleapis.com/dns/v1/projects/project-1/managedZones";
const TOKEN_URL = "https://oauth2.googleapis.com/token";
const DNS_SCOPE = "https://www.googleapis.com/auth/ndev.clouddns.readwrite";

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const ACCOUNT = {
  type: "service_account",
  project_id: "project-1",
  private_key_id: "key-1",
  private_key: privateKey,
  client_email: "dns@project-1.iam.gserviceaccount.com",
  token_uri: TOKEN_URL,
};

const refused = (code: number, message: string) =>
  json({ error: { code, message, status: "ERROR" } }, code);

interface RecordSet {
  name: string;
  type: string;
  ttl: number;
  rrdatas: string[];
}

/** Cloud DNS API version 1: managedZones.list, resourceRecordSets.list, changes.create and get. */
function zones(stored: Stored, token: string): ApiHandler {
  const quoted = (texts: readonly string[]) => texts.map((text) => `"${text}"`);
  return (request) => {
    const { headers, json: body, query } = request;
    if (headers.get("authorization") !== `Bearer ${token}`)
      return refused(401, `Invalid credentials ${headers.get("authorization")}`);
    if (nameOf(request) === `GET ${API}`) {
      expect(query["dnsName"]).toEndWith(".");
      return json(
        query["dnsName"] === "example.com."
          ? {
              managedZones: [
                { name: "hidden", visibility: "private" },
                { name: "zone-1", visibility: "public" },
              ],
            }
          : {},
      );
    }
    if (nameOf(request) === `GET ${API}/zone-1/rrsets`) {
      expect(query["type"]).toBe("TXT");
      const texts = stored.records.get(query["name"]);
      const set = { name: query["name"], type: "TXT", ttl: 77, kind: "dns#resourceRecordSet" };
      return json(texts === undefined ? {} : { rrsets: [{ ...set, rrdatas: quoted(texts) }] });
    }
    if (nameOf(request) !== `POST ${API}/zone-1/changes`) return undefined;
    const { additions, deletions } = body as Record<"additions" | "deletions", RecordSet[]>;
    for (const { name, ttl, rrdatas } of deletions) {
      // It must be said as it is.
      if (ttl !== 77 || `${rrdatas}` !== `${quoted(stored.records.get(name) ?? [])}`)
        return refused(412, "Precondition not met for 'entity.change.deletions[0]'");
      stored.records.delete(name);
    }
    for (const { name, type, ttl, rrdatas } of additions) {
      expect(type).toBe("TXT");
      if (stored.records.has(name)) return refused(409, "The resource already exists");
      stored.records.set(
        name,
        rrdatas.map((text) => text.slice(1, -1)),
      );
      stored.ttl = ttl;
    }
    return json({ id: "1", status: "done" });
  };
}

/** An assertion that the account's key signed for this scope. */
function isSigned({ form }: ApiRequest, scope: string): boolean {
  const [header, claims, signature] = (form["assertion"] ?? "").split(".");
  const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
  expect(read(header)).toEqual({ alg: "RS256", typ: "JWT", kid: "key-1" });
  const { iat, exp, ...claimed } = read(claims);
  expect(claimed).toEqual({ iss: ACCOUNT.client_email, scope, aud: TOKEN_URL });
  expect(exp - iat).toBe(3600);
  return createVerify("RSA-SHA256")
    .update(`${header}.${claims}`)
    .verify(createPublicKey(publicKey), signature, "base64url");
}

function api(stored: Stored, scope = DNS_SCOPE, token = "google-token"): ApiHandler {
  const zone = zones(stored, token);
  return (request) => {
    if (nameOf(request) !== `POST ${TOKEN_URL}`) return zone(request);
    expect(request.form["grant_type"]).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    if (!isSigned(request, scope))
      return json({ error: "invalid_grant", error_description: "Invalid JWT Signature." }, 400);
    return json({ access_token: "google-token", expires_in: 3599, token_type: "Bearer" });
  };
}

testProvider({
  name: "gcloud",
  env: () => ({ GCE_SERVICE_ACCOUNT: JSON.stringify(ACCOUNT) }),
  secrets: [],
  required: [],
  api: (stored) => api(stored),
  refusal: /./,
  noZone: /gcloud: the project has no public zone "unknown.example."/,
  ttl: { fallback: 120, variable: "GCE_TTL" },
  timeout: { fallback: 180_000, variable: "GCE_PROPAGATION_TIMEOUT" },
  interval: { fallback: 5000, variable: "GCE_POLLING_INTERVAL" },
});

describe("gcloud", () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-google-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const stored = (): Stored => ({ records: new Map(), ttl: undefined });

  async function present(handler: ApiHandler, env: Record<string, string>) {
    using double = new ApiDouble(handler);
    const provider = await gcloud(dnsContext(double, { HOME: "/nonexistent", ...env }));
    await provider.present(recordOf("example.com", "v"), NEVER);
    expect(double.unknown).toEqual([]);
    return double.requests;
  }

  test("says what Google says to another key, and shows none", async () => {
    const other = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
      publicKeyEncoding: { type: "spki", format: "pem" },
    });
    const account = { ...ACCOUNT, private_key: other.privateKey };
    const env = { GCE_SERVICE_ACCOUNT: JSON.stringify(account) };
    const error = await failure(() => present(api(stored()), env));
    expect(error).toContain("400: Invalid JWT Signature.");
    expect(error).not.toContain("PRIVATE");
    for (const [text, why] of [
      ["{not json", "GCE_SERVICE_ACCOUNT: expected a key as JSON"],
      [JSON.stringify({ ...ACCOUNT, private_key: "x" }), "expected a private key in PEM"],
      [JSON.stringify({ type: "external_account" }), 'found "external_account"'],
    ])
      expect(await failure(() => present(api(stored()), { GCE_SERVICE_ACCOUNT: text }))).toContain(
        why,
      );
  });

  test("waits for a change, and needn't list zones where one is named", async () => {
    const kept = stored();
    const works = api(kept);
    let asked = 0;
    const requests = await present(
      async (request) => {
        if (nameOf(request) === `GET ${API}/zone-1/changes/1`)
          return json({ id: "1", status: ++asked < 2 ? "pending" : "done" });
        const answer = await works(request);
        return request.path.endsWith("/changes") ? json({ id: "1", status: "pending" }) : answer;
      },
      {
        GCE_SERVICE_ACCOUNT: JSON.stringify(ACCOUNT),
        GCE_ZONE_ID: "zone-1",
        GCE_POLLING_INTERVAL: "0",
      },
    );
    expect(asked).toBe(2);
    expect(requests.some((request) => nameOf(request) === `GET ${API}`)).toBe(false);
  });

  test("takes the key that gcloud left, by its own name or its variable", async () => {
    const path = join(directory, "user.json");
    const user = {
      type: "authorized_user",
      client_id: "id",
      client_secret: "user-secret",
      refresh_token: "user-refresh",
    };
    writeFileSync(path, JSON.stringify(user));
    const zone = zones(stored(), "of-the-user");
    const handler: ApiHandler = (request) => {
      if (nameOf(request) !== `POST ${TOKEN_URL}`) return zone(request);
      const { type: _, ...form } = user;
      expect(request.form).toEqual({ ...form, grant_type: "refresh_token" });
      return json({ access_token: "of-the-user", expires_in: 3599 });
    };
    const env = { GOOGLE_APPLICATION_CREDENTIALS: path };
    expect(await failure(() => present(handler, env))).toContain(
      "expected a project in GCE_PROJECT",
    );
    await present(handler, { ...env, GCE_PROJECT: "project-1" });
  });

  test("takes the machine's account and project", async () => {
    const zone = zones(stored(), "of-the-machine");
    const metadata = "http://metadata.google.internal/computeMetadata/v1";
    await present((request) => {
      if (!nameOf(request).startsWith(`GET ${metadata}`)) return zone(request);
      expect(request.headers.get("metadata-flavor")).toBe("Google");
      return request.path.endsWith("/token")
        ? json({ access_token: "of-the-machine", expires_in: 3599 })
        : new Response("project-1");
    }, {});
  });

  test("takes another account's place", async () => {
    const scope = "https://www.googleapis.com/auth/cloud-platform";
    const target = "target@project-1.iam.gserviceaccount.com";
    const works = api(stored(), scope, "of-the-target");
    await present(
      (request) => {
        const url = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${target}:generateAccessToken`;
        if (nameOf(request) !== `POST ${url}`) return works(request);
        expect(request.headers.get("authorization")).toBe("Bearer google-token");
        expect(request.json).toEqual({ scope: [DNS_SCOPE], lifetime: "3600s" });
        return json({ accessToken: "of-the-target", expireTime: "2099-01-01T00:00:00Z" });
      },
      {
        GCE_SERVICE_ACCOUNT: JSON.stringify(ACCOUNT),
        GCE_IMPERSONATE_SERVICE_ACCOUNT: target,
      },
    );
  });
});
