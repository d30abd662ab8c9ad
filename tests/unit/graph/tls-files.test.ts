import { describe, expect, test } from "bun:test";
import { readAuthorities, readKeyPair } from "../../../src/graph/tls-files.ts";
import { readPem } from "../../../src/tls/read-pem.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { MemoryFiles } from "../tls/memory-files.ts";

const ca = makeCertificate({ name: "CA", ca: true });
const client = makeCertificate({ name: "client", issuer: ca });
const memory = new MemoryFiles({
  "ca.pem": ca.certificate,
  "c.pem": client.certificate,
  "c.key": client.key,
  "bad.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  "none.txt": "nothing",
});

const files = (textOrPath: string) => readPem(memory, textOrPath);

describe("readAuthorities", () => {
  test("reads files and texts, in order", async () => {
    const texts = await readAuthorities(files, ["ca.pem", client.certificate]);
    expect(texts).toEqual([ca.certificate, client.certificate]);
  });

  test("none are the system's", async () => {
    expect(await readAuthorities(files)).toBeUndefined();
    expect(await readAuthorities(files, [])).toBeUndefined();
  });

  test("says which one can't be used", async () => {
    for (const [path, message] of [
      ["gone.pem", 'rootCAs[1]: there is no file "gone.pem"'],
      ["none.txt", 'rootCAs[1]: expected PEM text in "none.txt", found none'],
      ["c.key", "rootCAs[1]: expected certificates, found none"],
      ["bad.pem", "rootCAs[1]: "],
    ])
      await expect(readAuthorities(files, ["ca.pem", path])).rejects.toThrow(message);
  });
});

describe("readKeyPair", () => {
  const pair = { certFile: "c.pem", keyFile: "c.key" };

  test("reads a certificate and its key", async () => {
    const read = await readKeyPair(files, [pair]);
    expect(read).toEqual({ certificate: client.certificate, privateKey: client.key });
  });

  test("none is none", async () => {
    expect(await readKeyPair(files)).toBeUndefined();
    expect(await readKeyPair(files, [])).toBeUndefined();
  });

  test("takes one, which must be whole", async () => {
    await expect(readKeyPair(files, [pair, pair])).rejects.toThrow(
      "certificates: expected one, found 2",
    );
    await expect(readKeyPair(files, [{ ...pair, keyFile: "ca.pem" }])).rejects.toThrow(
      "certificates[0]: expected a private key",
    );
    await expect(readKeyPair(files, [{ ...pair, certFile: "ca.pem" }])).rejects.toThrow(
      "certificates[0]: ",
    );
  });
});
