import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHttpClient } from "../../../../../runtime/node/clients/http-client.ts";
import { nodeFiles } from "../../../../../runtime/node/files.ts";
import { AwsCredentialChain } from "../../../../../src/net/clients/aws/aws-credentials.ts";
import { parseIni } from "../../../../../src/net/clients/aws/aws-profile.ts";

const NEVER = new AbortController().signal;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-aws-"));
  await writeFile(
    join(directory, "credentials"),
    "[default]\naws_access_key_id = D\naws_secret_access_key=d\n\n[other]\naws_access_key_id=O\naws_secret_access_key=o\naws_session_token=t\n",
  );
  await writeFile(
    join(directory, "config"),
    "[profile role]\nrole_arn = arn:role\nsource_profile = other\n[profile half]\nrole_arn = arn:x\n",
  );
  await writeFile(join(directory, "token"), "identity-token\n");
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const expiration = new Date(Date.now() + 3_600_000).toISOString();
const sts = (name: string) =>
  new Response(
    `<${name}Response><${name}Result><Credentials><AccessKeyId>S</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>st</SessionToken><Expiration>${expiration}</Expiration></Credentials></${name}Result></${name}Response>`,
  );
const metadata = (id: string) =>
  Response.json({ AccessKeyId: id, SecretAccessKey: "m", Token: "mt", Expiration: expiration });

/** STS, and the services of containers and machines, at one place. */
function services() {
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const form = new URLSearchParams(await request.text());
      asked.push(`${request.method} ${pathname} ${form.get("Action") ?? ""}`.trim());
      if (form.get("Action") === "AssumeRoleWithWebIdentity") {
        expect(form.get("WebIdentityToken")).toBe("identity-token");
        return sts("AssumeRoleWithWebIdentity");
      }
      if (form.get("Action") === "AssumeRole") {
        expect(request.headers.get("authorization")).toContain("Credential=O/");
        return sts("AssumeRole");
      }
      if (pathname === "/container")
        return request.headers.get("authorization") === "container-token"
          ? metadata("C")
          : new Response("", { status: 403 });
      if (pathname === "/latest/api/token" && request.method === "PUT") return new Response("imds");
      if (request.headers.get("x-aws-ec2-metadata-token") !== "imds")
        return new Response("", { status: 401 });
      return pathname.endsWith("/security-credentials/")
        ? new Response("the-role\n")
        : metadata(pathname.split("/").at(-1)!);
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  return { url, asked, [Symbol.dispose]: () => void server.stop(true) };
}

async function credentials(env: Record<string, string>, url = "") {
  const chain = new AwsCredentialChain({
    env: {
      HOME: "/nonexistent",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_ENDPOINT_URL_STS: url,
      ...env,
    },
    files: nodeFiles,
    http: nodeHttpClient({}),
  });
  return chain.get(NEVER);
}

describe("AWS credentials", () => {
  const files = () => ({
    AWS_SHARED_CREDENTIALS_FILE: join(directory, "credentials"),
    AWS_CONFIG_FILE: join(directory, "config"),
  });

  test("are those of the environment before all others", async () => {
    const env = { ...files(), AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "e" };
    expect(await credentials(env)).toEqual({ accessKeyId: "E", secretAccessKey: "e" });
    await expect(credentials({ AWS_ACCESS_KEY_ID: "E" })).rejects.toThrow("found one of them");
  });

  test("are a profile's", async () => {
    expect(await credentials(files())).toEqual({ accessKeyId: "D", secretAccessKey: "d" });
    expect(await credentials({ ...files(), AWS_PROFILE: "other" })).toEqual({
      accessKeyId: "O",
      secretAccessKey: "o",
      sessionToken: "t",
    });
    await expect(credentials({ ...files(), AWS_PROFILE: "none" })).rejects.toThrow(
      'there is no profile "none"',
    );
  });

  test("are of a profile's role", async () => {
    using service = services();
    const env = { ...files(), AWS_PROFILE: "role" };
    expect(await credentials(env, service.url)).toMatchObject({ accessKeyId: "S" });
    await expect(credentials({ ...files(), AWS_PROFILE: "half" })).rejects.toThrow(
      "no source_profile",
    );
  });

  test("are of a web identity", async () => {
    using service = services();
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: join(directory, "token"),
      AWS_ROLE_ARN: "arn:aws:iam::1:role/x",
    };
    expect(await credentials(env, service.url)).toEqual({
      accessKeyId: "S",
      secretAccessKey: "s",
      sessionToken: "st",
    });
  });

  test("are a container's", async () => {
    using service = services();
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${service.url}/container`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "container-token",
    };
    expect(await credentials(env)).toMatchObject({ accessKeyId: "C" });
  });

  test("are the machine's, with a token, and are kept", async () => {
    using service = services();
    const chain = new AwsCredentialChain({
      env: { HOME: "/nonexistent", AWS_EC2_METADATA_SERVICE_ENDPOINT: service.url },
      files: nodeFiles,
      http: nodeHttpClient({}),
    });
    expect(await chain.get(NEVER)).toMatchObject({ accessKeyId: "the-role", sessionToken: "mt" });
    await chain.get(NEVER);
    expect(service.asked).toEqual([
      "PUT /latest/api/token",
      "GET /latest/meta-data/iam/security-credentials/",
      "GET /latest/meta-data/iam/security-credentials/the-role",
    ]);
  });

  test("that are nowhere are missed where they were looked for", async () => {
    await expect(credentials({})).rejects.toThrow(
      "found no AWS credentials: not in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    );
  });
});

test("profiles are read with their comments and spaces", () => {
  const text = "[ a ]\n# x=y\nKey = v = w \r\n;z=1\nnothing\n[b]\n[a]\nother=1";
  expect(Object.fromEntries(parseIni(text))).toEqual({ a: { key: "v = w", other: "1" }, b: {} });
});
