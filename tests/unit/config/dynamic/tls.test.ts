import { describe, expect, test } from "bun:test";
import { tlsSchema } from "../../../../src/config/dynamic/tls.ts";
import { formatIssue } from "../../../../src/config/sources/document.ts";
import { parseFile } from "../../../../src/config/sources/parse-file.ts";
import { validate } from "../../../../src/config/validate.ts";

function read(yaml: string) {
  const document = parseFile(yaml, "tls.yml");
  const { value, issues } = validate(tlsSchema, document.value, document);
  return { value, errors: issues.map(formatIssue) };
}

/** One set of options. */
const options = (lines: string) => read(`options:\n  default:\n    ${lines}\n`);

test("everything that is implemented", () => {
  const { value, errors } = read(`
certificates:
  - { certFile: a.pem, keyFile: a.key, stores: [default] }
options:
  default:
    minVersion: versiontls12
    maxVersion: VersionTLS13
    cipherSuites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256]
    curvePreferences: [X25519MLKEM768, x25519, secp256r1]
    clientAuth: { caFiles: [ca.pem], clientAuthType: RequireAndVerifyClientCert }
    sniStrict: true
    alpnProtocols: [h2, http/1.1]
    disableSessionTickets: true
    preferServerCipherSuites: true
stores:
  default:
    defaultCertificate: { certFile: b.pem, keyFile: b.key }
`);
  expect(errors).toEqual([]);
  expect(value).toEqual({
    certificates: [{ certFile: "a.pem", keyFile: "a.key", stores: ["default"] }],
    options: {
      default: {
        minVersion: "VersionTLS12",
        maxVersion: "VersionTLS13",
        cipherSuites: ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"],
        curvePreferences: ["X25519MLKEM768", "X25519", "secp256r1"],
        clientAuth: { caFiles: ["ca.pem"], clientAuthType: "RequireAndVerifyClientCert" },
        sniStrict: true,
        alpnProtocols: ["h2", "http/1.1"],
        disableSessionTickets: true,
        preferServerCipherSuites: true,
      },
    },
    stores: { default: { defaultCertificate: { certFile: "b.pem", keyFile: "b.key" } } },
  });
});

describe("what is wrong", () => {
  test.each([
    [
      "minVersion: TLS12",
      '3:5: options.default.minVersion: expected one of VersionTLS10, VersionTLS11, VersionTLS12, VersionTLS13, found "TLS12"',
    ],
    [
      "maxVersion: VersionTLS11",
      "3:5: options.default.maxVersion: expected a version that is not below minVersion (VersionTLS12), found VersionTLS11",
    ],
    ["cipherSuites: [AES128-SHA]", 'TLS_FALLBACK_SCSV, found "AES128-SHA"'],
    ["curvePreferences: [X448]", 'secp521r1, found "X448"'],
    [
      "clientAuth: { clientAuthType: Always }",
      'expected one of NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert, found "Always"',
    ],
    [
      "clientAuth: { clientAuthType: RequireAndVerifyClientCert }",
      "options.default.clientAuth.caFiles: expected CAs, which the clientAuthType RequireAndVerifyClientCert verifies with, found none",
    ],
    [
      "clientAuth: { clientAuthType: VerifyClientCertIfGiven, caFiles: [] }",
      "which the clientAuthType VerifyClientCertIfGiven verifies with, found none",
    ],
    ['clientAuth: { caFiles: [""] }', "expected a file's path or PEM text, found nothing"],
    ['alpnProtocols: [""]', "expected a protocol such as h2 or http/1.1, found nothing"],
    ["alpnProtocols: [h 2]", "expected a protocol of printable ASCII characters"],
    [`alpnProtocols: [${"a".repeat(256)}]`, "expected a protocol of at most 255 bytes"],
    ["sniStrict: maybe", 'options.default.sniStrict: expected true or false, found "maybe"'],
    ["sniStrct: true", "sniStrict"],
  ])("%s", (lines, message) => {
    const { errors } = options(lines);
    expect(errors.join("\n")).toContain(message);
    expect(errors).toHaveLength(1);
  });

  test.each([
    ["certificates: [{ certFile: a.pem }]", "certificates.0.keyFile: expected a string"],
    [
      'certificates: [{ certFile: "", keyFile: a.key }]',
      "certificates.0.certFile: expected a file's path or PEM text, found nothing",
    ],
    ["stores: { default: { defaultCertificate: {} } }", "defaultCertificate.certFile: expected"],
    [
      "stores: { default: { defaultGeneratedCert: { resolvr: le } } }",
      'unknown key "resolvr", did you mean "resolver"?',
    ],
  ])("%s", (yaml, message) => {
    expect(read(yaml).errors.join("\n")).toContain(message);
  });
});
