import { describe, expect, test } from "bun:test";
import { serversTransportSchema } from "../../../src/config/dynamic/http-services.ts";
import { staticSchema } from "../../../src/config/static/schema.ts";
import { Transports } from "../../../src/graph/transports.ts";
import type { ClientTlsOptions } from "../../../src/net/tls.ts";
import { readPem } from "../../../src/tls/read-pem.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { MemoryFiles } from "../tls/memory-files.ts";

const ca = makeCertificate({ name: "CA", ca: true });
const client = makeCertificate({ name: "client", issuer: ca });
const other = makeCertificate({ name: "other", issuer: ca });

/** Reads files that may change meanwhile. */
const reader = (files: Record<string, string>) => (textOrPath: string) =>
  readPem(new MemoryFiles(files), textOrPath);

/** Transports over files of a map, and the TLS contexts that were asked for. */
function setUp(files: Record<string, string>) {
  const contexts: ClientTlsOptions[] = [];
  const transports = new Transports(
    {
      clientTls(options) {
        contexts.push(options);
        return { role: "client" };
      },
    },
    staticSchema.parse({ serversTransport: { rootCAs: [] } }).serversTransport,
  );
  transports.newConfiguration(reader(files));
  const get = (name: string, keys: Record<string, unknown>) =>
    transports.get(name, serversTransportSchema.parse(keys));
  return { transports, contexts, get, files };
}

test("the default transport is the static configuration's", async () => {
  const { transports, contexts } = setUp({});
  const { transport } = await transports.get("default@internal");
  expect(transport.options).toEqual({
    maxIdleConnsPerHost: 200,
    dialTimeout: 30_000,
    responseHeaderTimeout: 0,
    idleConnTimeout: 90_000,
    readIdleTimeout: 0,
    pingTimeout: 15_000,
    http2: true,
    tls: { minVersion: "1.2", serverName: "", verify: true },
  });
  expect(contexts).toEqual([]);
  expect(transport.tlsFor("app.test", true)).toEqual({
    context: { role: "client" },
    serverName: "app.test",
  });
  expect(transport.tlsFor("127.0.0.1", true).serverName).toBe("");
  expect(transport.tlsFor("::1", false).serverName).toBe("");
  expect(contexts.map(({ alpn }) => alpn)).toEqual([["h2", "http/1.1"], ["http/1.1"]]);
});

test("every key of TLS gets to the context; one context serves all connections", async () => {
  const { contexts, get } = setUp({
    "ca.pem": ca.certificate,
    "c.pem": client.certificate,
    "c.key": client.key,
  });
  const { transport } = await get("t@file", {
    serverName: "inside.test",
    rootCAs: ["ca.pem", ca.certificate],
    certificates: [{ certFile: "c.pem", keyFile: "c.key" }],
    cipherSuites: ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"],
    minVersion: "VersionTLS12",
    maxVersion: "VersionTLS13",
    disableHTTP2: true,
  });
  expect(transport.options.http2).toBe(false);
  expect(transport.tlsFor("10.0.0.1", false).serverName).toBe("inside.test");
  transport.tlsFor("10.0.0.2", false);
  expect(contexts).toEqual([
    {
      minVersion: "1.2",
      maxVersion: "1.3",
      cipherSuites: ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
      verify: true,
      rootCAs: [ca.certificate, ca.certificate],
      keyPair: { certificate: expect.stringContaining("BEGIN"), privateKey: expect.any(String) },
      peerUri: undefined,
      alpn: ["http/1.1"],
    },
  ]);
});

test("a peer's URI is checked in verified certificates only, whatever insecureSkipVerify says", async () => {
  const { get } = setUp({});
  const options = async (keys: object) => (await get(JSON.stringify(keys), { ...keys })).transport;
  const skipping = await options({ insecureSkipVerify: true });
  expect(skipping.options.tls.verify).toBe(false);
  const uri = await options({ insecureSkipVerify: true, peerCertURI: "spiffe://a/b" });
  expect(uri.options.tls).toMatchObject({ verify: true, peerUri: "spiffe://a/b" });
});

describe("what can't be had is said, and nobody is served without it", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["a missing CA", { rootCAs: ["no.pem"] }, 'rootCAs[0]: there is no file "no.pem"'],
    ["no PEM", { rootCAs: ["text"] }, 'rootCAs[0]: expected PEM text in "text", found none'],
    ["a key as CA", { rootCAs: ["c.key"] }, "rootCAs[0]: expected certificates, found none"],
    [
      "a missing client certificate",
      { certificates: [{ certFile: "no.pem", keyFile: "c.key" }] },
      'certificates[0]: there is no file "no.pem"',
    ],
    [
      "a key that isn't the certificate's",
      { certificates: [{ certFile: "c.pem", keyFile: "other.key" }] },
      "certificates[0]: ",
    ],
    [
      "cipher suites that no version has",
      { cipherSuites: ["TLS_AES_128_GCM_SHA256"], maxVersion: "VersionTLS12" },
      "cipherSuites: expected one that TLS 1.2 has, found none",
    ],
  ];
  test.each(cases)("%s", async (_, keys, message) => {
    const { get } = setUp({
      text: "hello",
      "c.pem": client.certificate,
      "c.key": client.key,
      "other.key": other.key,
    });
    await expect(get("t@file", keys)).rejects.toThrow(`serversTransport "t@file": ${message}`);
  });

  test("more than one client certificate", () => {
    const pair = { certFile: "a", keyFile: "b" };
    expect(serversTransportSchema.safeParse({ certificates: [pair, pair] }).success).toBe(false);
  });
});

test("a transport is the same object while nothing has changed, files included", async () => {
  const { transports, get, files } = setUp({ "ca.pem": ca.certificate });
  const keys = { rootCAs: ["ca.pem"] };
  const first = await get("t@file", keys);
  expect(await get("t@file", keys)).toBe(first);
  transports.newConfiguration(reader(files));
  const again = await get("t@file", keys);
  expect([again.transport === first.transport, again.id === first.id]).toEqual([true, true]);
  files["ca.pem"] = client.certificate;
  expect((await get("t@file", keys)).transport).toBe(first.transport);
  transports.newConfiguration(reader(files));
  const renewed = await get("t@file", keys);
  expect([renewed.transport === first.transport, renewed.id === first.id]).toEqual([false, false]);
});
