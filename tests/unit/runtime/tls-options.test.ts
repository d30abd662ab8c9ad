import { describe, expect, test } from "bun:test";
import { ianaName, opensslNames } from "../../../runtime/node/tls/cipher-names.ts";
import { sharedOptions } from "../../../runtime/node/tls/tls-options.ts";

describe("cipher suites", () => {
  test("have OpenSSL's names, and keep their order", () => {
    expect(
      opensslNames([
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
      ]),
    ).toEqual(["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "AES128-SHA"]);
  });

  test("of TLS 1.3 may be there and change nothing", () => {
    const suite = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
    const options = sharedOptions({ cipherSuites: ["TLS_AES_256_GCM_SHA384", suite] });
    expect(options).toMatchObject({
      ciphers: "ECDHE-RSA-AES256-GCM-SHA384",
      minVersion: "TLSv1.2",
    });
    expect(sharedOptions({ cipherSuites: ["TLS_CHACHA20_POLY1305_SHA256"] })).toEqual({
      minVersion: "TLSv1.3",
      maxVersion: "TLSv1.3",
    });
  });

  test("that aren't known, or spoken by nobody, are refused by name", () => {
    expect(() => opensslNames(["TLS_FOO"])).toThrow('"TLS_FOO" is unknown');
    expect(() => opensslNames(["ECDHE-RSA-AES256-GCM-SHA384"])).toThrow("is unknown");
    expect(() => opensslNames(["constructor"])).toThrow("is unknown");
    for (const suite of ["TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA256"]) {
      expect(() => opensslNames([suite])).toThrow(`"${suite}" is not supported`);
    }
  });

  test("have their IANA names back", () => {
    expect(ianaName("ECDHE-RSA-CHACHA20-POLY1305")).toBe(
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    );
    expect(ianaName("TLS_AES_128_GCM_SHA256")).toBe("TLS_AES_128_GCM_SHA256");
  });
});

describe("versions and curves", () => {
  test("are 1.2 to 1.3 where nothing is said", () => {
    expect(sharedOptions({})).toEqual({ minVersion: "TLSv1.2", maxVersion: "TLSv1.3" });
    expect(sharedOptions({ cipherSuites: [], curves: [] })).toEqual(sharedOptions({}));
  });

  test("a range without a version is refused", () => {
    expect(() => sharedOptions({ maxVersion: "1.1" })).toThrow("1.2 and maxVersion 1.1");
    expect(() => sharedOptions({ minVersion: "1.3", maxVersion: "1.2" })).toThrow("minVersion 1.3");
  });

  test("curves have OpenSSL's names; unknown ones are refused by name", () => {
    expect(sharedOptions({ curves: ["X25519", "CurveP256"] }).ecdhCurve).toBe("X25519:P-256");
    expect(() => sharedOptions({ curves: ["P-256"] })).toThrow('"P-256"');
    expect(() => sharedOptions({ curves: ["toString"] })).toThrow('"toString"');
  });
});
