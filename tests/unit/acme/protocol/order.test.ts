import { afterAll, beforeAll, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:http";
import { nodeHttpClient } from "../../../../runtime/node/clients/http-client.ts";
import { rsaKey } from "../../../../runtime/node/engine/rsa-key.ts";
import type { Challenge, Solvers } from "../../../../src/acme/challenges/challenge.ts";
import { changeEmail, isAccountGone, register } from "../../../../src/acme/protocol/account.ts";
import { AcmeClient } from "../../../../src/acme/protocol/acme-client.ts";
import { AcmeError } from "../../../../src/acme/protocol/acme-error.ts";
import { type OrderRequest, orderCertificate } from "../../../../src/acme/protocol/order.ts";
import { renewalIdentifier, renewalInfo } from "../../../../src/acme/protocol/renewal-info.ts";
import { sha256 } from "../../../../src/acme/x509/base64url.ts";
import { Key } from "../../../../src/acme/x509/key.ts";
import { pemText, readPemBlocks } from "../../../../src/tls/pem.ts";
import { testWith } from "../../../support/requires.ts";
import { Pebble } from "../../../support/servers/pebble.ts";

const acmeTest = testWith("pebble", "pebble-challtestsrv");
const runtime = { rsaKey };
const signal = new AbortController().signal;

let pebble: Pebble;
let web: Server;
const tokens = new Map<string, string>();

beforeAll(async () => {
  const eab = { "kid-1": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ" };
  pebble = await Pebble.start({ eab, brief: 60 });
  web = createServer(({ url = "" }, response) => {
    const found = tokens.get(url.split("/").at(-1)!);
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await new Promise<void>((resolve) => web.listen(pebble.httpPort, "127.0.0.1", resolve));
});

afterAll(async () => {
  web?.close();
  await pebble?.[Symbol.asyncDispose]();
});

const http01: Solvers = {
  "http-01": {
    async present({ token, keyAuthorization }: Challenge) {
      tokens.set(token, keyAuthorization);
      return async () => {
        tokens.delete(token);
      };
    },
  },
};

const dns01: Solvers = {
  "dns-01": {
    sequence: 1,
    async present({ domain, keyAuthorization }: Challenge) {
      const host = `_acme-challenge.${domain}.`;
      await pebble.setTxt(host, await sha256(keyAuthorization));
      return () => pebble.clearTxt(host);
    },
  },
};

const client = () =>
  new AcmeClient({
    url: pebble.url,
    http: nodeHttpClient({ tls: { ca: pebble.ca, verify: true } }),
    timeout: 30_000,
    headTimeout: 30_000,
  });

const eab = { kid: "kid-1", hmacEncoded: "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ=" };

async function session(email = "") {
  const own = client();
  const key = await Key.generate("EC256", runtime);
  const { uri, body } = await register(own, key, { email, eab });
  return { client: own, signer: { key, accountUrl: uri }, body };
}

async function order(
  context: Awaited<ReturnType<typeof session>>,
  solvers: Solvers,
  names: readonly string[],
  more: Partial<OrderRequest> = {},
) {
  const request: OrderRequest = {
    names,
    key: await Key.generate("EC256", runtime),
    emailAddresses: [],
    disableCommonName: false,
    profile: "",
    preferredChain: "",
    certificateTimeout: 30_000,
    ...more,
  };
  const chain = await orderCertificate(request, { ...context, solvers, signal });
  return { request, chain, leaf: new X509Certificate(chain) };
}

acmeTest("an account needs its binding, and its address can be changed", async () => {
  const own = client();
  const key = await Key.generate("EC384", runtime);
  await expect(register(own, key, { email: "" })).rejects.toThrow("set eab");
  const wrong = { kid: "kid-2", hmacEncoded: eab.hmacEncoded };
  await expect(register(own, key, { email: "", eab: wrong })).rejects.toThrow(AcmeError);
  const { uri, body } = await register(own, key, { email: "a@example.com", eab });
  expect(body).toMatchObject({ status: "valid", contact: ["mailto:a@example.com"] });
  // The same key is the same account.
  expect((await register(own, key, { email: "", eab })).uri).toBe(uri);
  const changed = await changeEmail(own, { key, accountUrl: uri }, "b@example.com");
  expect(changed.body).toMatchObject({ contact: ["mailto:b@example.com"] });
});

acmeTest(
  "HTTP-01: names, an address and an e-mail address, of the key that was asked for",
  async () => {
    const context = await session();
    const { leaf, request } = await order(context, http01, ["a.test", "b.test", "127.0.0.1"], {
      key: await Key.generate("RSA2048", runtime),
    });
    expect(leaf.subjectAltName).toBe("DNS:a.test, DNS:b.test, IP Address:127.0.0.1");
    const own = leaf.publicKey.export({ type: "spki", format: "der" });
    expect(new Uint8Array(own)).toEqual(Uint8Array.from(request.key.publicKey));
    expect(tokens.size).toBe(0);
  },
);

acmeTest(
  "DNS-01: a wildcard and its name, with a profile, then renewed by what ARI says",
  async () => {
    const context = await session();
    const { leaf, chain } = await order(context, dns01, ["*.w.test"], { profile: "brief" });
    expect(leaf.subjectAltName).toBe("DNS:*.w.test");
    expect(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)).toBeLessThan(120_000);
    const identifier = renewalIdentifier(readPemBlocks(chain)[0].bytes)!;
    const info = (await renewalInfo(context.client, identifier))!;
    expect(info.start).toBeLessThanOrEqual(info.end);
    expect(info.askAgain).toBeGreaterThan(Date.now());
    const renewed = await order(context, dns01, ["*.w.test"], { replaces: identifier });
    expect(renewed.leaf.serialNumber).not.toBe(leaf.serialNumber);
    // A second replacement is refused, and ordered as a new certificate then.
    await order(context, dns01, ["*.w.test"], { replaces: identifier });
    await expect(order(context, dns01, ["w.test"], { profile: "endless" })).rejects.toThrow(
      /profile: expected one of the authority's \(.*brief.*\), found "endless"/,
    );
  },
);

acmeTest("a chain is chosen by the name of its root", async () => {
  const context = await session();
  const wanted = new X509Certificate(await pebble.root(1)).subject.replace("CN=", "");
  const { chain } = await order(context, http01, ["chain.test"], { preferredChain: wanted });
  const last = readPemBlocks(chain).at(-1)!;
  expect(new X509Certificate(pemText(last.label, last.bytes)).issuer).toBe(`CN=${wanted}`);
});

acmeTest(
  "what the authority has against an order is said, and nothing is left behind",
  async () => {
    const context = await session();
    await expect(order(context, http01, ["blocked.test"])).rejects.toMatchObject({
      type: "rejectedIdentifier",
    });
    await expect(order(context, http01, ["*.x.test"])).rejects.toThrow(
      /^\*\.x\.test: the authority offers .*dns-01.*, configured is http-01$/,
    );
    const broken: Solvers = { "http-01": { present: async () => async () => {} } };
    await expect(order(context, broken, ["missing.test"])).rejects.toMatchObject({
      type: "unauthorized",
      message: expect.stringContaining("missing.test: the authority did not accept http-01"),
    });
  },
);

acmeTest("an account that is no more is told from a name that is refused", async () => {
  const context = await session();
  const { signer } = context;
  expect(await isAccountGone(context.client, signer, new AcmeError("", 403, "unauthorized"))).toBe(
    false,
  );
  await context.client.post(signer.accountUrl, signer, { status: "deactivated" });
  const error = await order(context, http01, ["c.test"]).catch((thrown: unknown) => thrown);
  expect(await isAccountGone(context.client, signer, error)).toBe(true);
});

test("an authority that can't be reached, or is none, is named", async () => {
  const http = nodeHttpClient({});
  const options = { http, timeout: 5000, headTimeout: 5000 };
  const none = new AcmeClient({ ...options, url: "http://127.0.0.1:9/dir" });
  await expect(none.directory()).rejects.toThrow();
  const other = createServer((_, response) => response.end("[]"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = other.address() as { port: number };
    const url = `http://127.0.0.1:${port}/dir`;
    await expect(new AcmeClient({ ...options, url }).directory()).rejects.toThrow(
      `${url}: expected an ACME directory with "newNonce", found none`,
    );
  } finally {
    other.close();
  }
});
