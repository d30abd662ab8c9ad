import { describe, expect, test } from "bun:test";
import type { TlsOptions } from "../../../src/config/dynamic/tls.ts";
import { resolveTlsOptions } from "../../../src/tls/tls-options.ts";
import { fixture } from "./fixture.ts";

const CA = fixture("ca.pem");

/** A file's text is what it is called, but for those that aren't there. */
async function readText(name: string): Promise<string> {
  if (name.startsWith("/none")) throw new Error(`there is no file ${JSON.stringify(name)}`);
  return name;
}

const resolve = (options: TlsOptions) => resolveTlsOptions(options, readText);

test("without any option", async () => {
  expect(await resolve({})).toEqual({
    minVersion: "1.2",
    maxVersion: undefined,
    cipherSuites: undefined,
    curves: undefined,
    clientAuth: "none",
    clientCAs: [],
    sessionTickets: true,
    alpn: ["h2", "http/1.1"],
    sniStrict: false,
  });
});

test("every option", async () => {
  const resolved = await resolve({
    minVersion: "VersionTLS10",
    maxVersion: "VersionTLS12",
    cipherSuites: [
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_AES_128_GCM_SHA256",
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
      "TLS_FALLBACK_SCSV",
    ],
    curvePreferences: ["X25519", "secp384r1", "CurveP256", "X25519MLKEM768"],
    sniStrict: true,
    alpnProtocols: ["acme-tls/1", "http/1.1"],
    disableSessionTickets: true,
    preferServerCipherSuites: true,
  });
  expect(resolved).toEqual({
    minVersion: "1.0",
    maxVersion: "1.2",
    cipherSuites: [
      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ],
    curves: ["X25519", "CurveP384", "CurveP256", "X25519MLKEM768"],
    clientAuth: "none",
    clientCAs: [],
    sessionTickets: false,
    alpn: ["http/1.1"],
    sniStrict: true,
  });
});

test("empty lists", async () => {
  const resolved = await resolve({ cipherSuites: [], curvePreferences: [], alpnProtocols: [] });
  expect(resolved.cipherSuites).toBeUndefined();
  expect(resolved.curves).toBeUndefined();
  expect(resolved.alpn).toEqual([]);
});

describe("cipher suites of TLS 1.3 alone", () => {
  test("leave TLS 1.3", async () => {
    const resolved = await resolve({ cipherSuites: ["TLS_AES_128_GCM_SHA256"] });
    expect(resolved).toMatchObject({ minVersion: "1.3", maxVersion: undefined });
    expect(resolved.cipherSuites).toBeUndefined();
  });

  test("and nothing where that is excluded", async () => {
    const options = resolve({
      cipherSuites: ["TLS_AES_128_GCM_SHA256"],
      maxVersion: "VersionTLS12",
    });
    await expect(options).rejects.toThrow("expected one that TLS 1.2 has, found none");
  });
});

describe("client certificates", () => {
  test.each([
    [{ clientAuthType: "NoClientCert" }, "none"],
    [{ clientAuthType: "RequestClientCert" }, "request"],
    [{ clientAuthType: "RequireAnyClientCert" }, "require-any"],
    [{ clientAuthType: "VerifyClientCertIfGiven", caFiles: [CA] }, "verify-if-given"],
    [{ clientAuthType: "RequireAndVerifyClientCert", caFiles: [CA] }, "require-and-verify"],
    [{ clientAuthType: "NoClientCert", caFiles: [CA] }, "none"],
    [{ caFiles: [CA] }, "require-and-verify"],
    [{ caFiles: [] }, "none"],
    [{}, "none"],
  ] as const)("%j", async (clientAuth, expected) => {
    const resolved = await resolve({ clientAuth: clientAuth as TlsOptions["clientAuth"] });
    expect(resolved.clientAuth).toBe(expected);
  });

  test("several CAs", async () => {
    const both = `${CA}${CA}`;
    const { clientCAs } = await resolve({ clientAuth: { caFiles: [CA, both] } });
    expect(clientCAs).toEqual([CA, both]);
  });

  test.each([
    [{ clientAuthType: "RequireAndVerifyClientCert" }, "needs caFiles"],
    [{ clientAuthType: "VerifyClientCertIfGiven", caFiles: [] }, "needs caFiles"],
    [{ caFiles: [CA, "/none.pem"] }, 'clientAuth.caFiles[1]: there is no file "/none.pem"'],
    [{ caFiles: [fixture("ec.key")] }, "clientAuth.caFiles[0]: expected certificates, found none"],
    [
      { caFiles: [CA, `${CA}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`] },
      "clientAuth.caFiles[1]: malformed DER",
    ],
    [{ caFiles: [CA.slice(0, 300)] }, 'caFiles[0]: malformed PEM: "CERTIFICATE" has no end'],
    [{ caFiles: ["/none.pem"], clientAuthType: "NoClientCert" }, "there is no file"],
  ] as const)("%j is refused", async (clientAuth, message) => {
    const options = { clientAuth: clientAuth as TlsOptions["clientAuth"] };
    await expect(resolve(options)).rejects.toThrow(message);
  });
});
