import { describe, expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { queryEscaped } from "../../../../../src/middlewares/http/client-certificate/certificate-info.ts";
import { passTLSClientCert } from "../../../../../src/middlewares/http/client-certificate/pass-tls-client-cert.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { readPemBlocks } from "../../../../../src/tls/pem.ts";
import { TLS } from "../../../../support/http/make-request.ts";
import { testWith } from "../../../../support/requires.ts";
import { apply, make } from "../apply.ts";

const test = testWith("openssl");

/** Self-signed, so that its issuer is its subject. */
function makeDer(subject: string, names = ""): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), "sluice-client-certificate-"));
  const { stdout, stderr } = Bun.spawnSync([
    ...[
      "openssl",
      "req",
      "-x509",
      "-utf8",
      "-subj",
      subject,
      "-set_serial",
      "0x1234567890abcdef12",
    ],
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-out", "-"],
    ...["-keyout", join(directory, "key")],
    ...(names === "" ? [] : ["-addext", `subjectAltName=${names}`]),
  ]);
  rmSync(directory, { recursive: true });
  if (stdout.length === 0) throw new Error(stderr.toString());
  return readPemBlocks(stdout.toString())[0].bytes;
}

const SUBJECT =
  "/DC=org/DC=cheese/O=Cheese/O=Cheese 2/OU=Section/OU=Section 2/CN=*.cheese.org/C=FR/C=US/L=TOULOUSE/ST=Some-State/serialNumber=77";
const NAMES =
  "DNS:a.cheese.org,DNS:b.cheese.org,IP:10.0.1.0,email:test@example.org,URI:spiffe://a/b";

async function fieldsOf(
  options: HttpMiddlewareOptions<"passTLSClientCert">,
  peerCertificate: Uint8Array | null,
  peerChain: readonly Uint8Array[] = [],
) {
  const tls = { ...TLS, peerCertificate, peerChain };
  const { lazy } = await apply(make(passTLSClientCert, options), { tls });
  return {
    pem: lazy.headerList.first("x-forwarded-tls-client-cert"),
    info: decodeURIComponent(
      (lazy.headerList.first("x-forwarded-tls-client-cert-info") ?? "").replaceAll("+", " "),
    ),
  };
}

const all = {
  country: true,
  province: true,
  locality: true,
  organization: true,
  commonName: true,
  serialNumber: true,
  domainComponent: true,
};

describe("passTLSClientCert", () => {
  test("pem is base64 without lines", async () => {
    const der = makeDer("/CN=a");
    expect((await fieldsOf({ pem: true }, der)).pem).toBe(Buffer.from(der).toString("base64"));
  });

  test("certificates that came behind it follow, with commas between", async () => {
    const chain = [makeDer("/CN=a"), makeDer("/CN=b"), makeDer("/CN=c")];
    const options = { pem: true, info: { subject: { commonName: true } } };
    expect(await fieldsOf(options, chain[0], chain.slice(1))).toEqual({
      pem: chain.map((each) => Buffer.from(each).toString("base64")).join(","),
      info: 'Subject="CN=a",Subject="CN=b",Subject="CN=c"',
    });
  });

  test("info has what is asked for, in Traefik's order", async () => {
    const der = makeDer(SUBJECT, NAMES);
    const { info, pem } = await fieldsOf(
      {
        info: {
          subject: { ...all, organizationalUnit: true },
          issuer: all,
          serialNumber: true,
          sans: true,
        },
      },
      der,
    );
    expect(pem).toBe(null);
    expect(info).toBe(
      [
        'Subject="DC=org,DC=cheese,C=FR,C=US,ST=Some-State,L=TOULOUSE,O=Cheese,O=Cheese 2,OU=Section,OU=Section 2,SN=77,CN=*.cheese.org"',
        'Issuer="DC=org,DC=cheese,C=FR,C=US,ST=Some-State,L=TOULOUSE,O=Cheese,O=Cheese 2,SN=77,CN=*.cheese.org"',
        `SerialNumber="${0x1234567890abcdef12n}"`,
        'SAN="a.cheese.org,b.cheese.org,test@example.org,10.0.1.0,spiffe://a/b"',
      ].join(";"),
    );
  });

  test("what isn't asked for, or isn't there, is left out", async () => {
    const der = makeDer("/CN=a");
    const ask = async (info: object) => (await fieldsOf({ info }, der)).info;
    expect(await ask({ subject: { commonName: true } })).toBe('Subject="CN=a"');
    expect(await ask({ subject: { country: true }, sans: true })).toBe("");
    const times = /^NB="(\d+)";NA="(\d+)"$/.exec(await ask({ notBefore: true, notAfter: true }))!;
    expect(Number(times[2]) - Number(times[1])).toBe(30 * 86_400);
  });

  test("a request without a certificate goes on as it is", async () => {
    const link = make(passTLSClientCert, { pem: true, info: { subject: all } });
    const headers = [["X-Forwarded-Tls-Client-Cert", "trusted"]] as const;
    for (const tls of [null, TLS]) {
      const { lazy, reached } = await apply(link, { tls, headers });
      expect(reached).toBe(true);
      expect(lazy.headerList.first("x-forwarded-tls-client-cert")).toBe("trusted");
      expect(lazy.headerList.has("x-forwarded-tls-client-cert-info")).toBe(false);
    }
  });

  test("what a client sent itself is replaced", async () => {
    const link = make(passTLSClientCert, { pem: true });
    const peerCertificate = makeDer("/CN=a");
    const headers = [["X-Forwarded-Tls-Client-Cert", "forged"]] as const;
    const { lazy } = await apply(link, { tls: { ...TLS, peerCertificate }, headers });
    expect(lazy.headerList.all("x-forwarded-tls-client-cert")).toEqual([
      peerCertificate.toBase64(),
    ]);
  });

  test("escapes as Go's url.QueryEscape", () => {
    expect(queryEscaped(`Subject="CN=a b,O=ü!*'()~-_."`)).toBe(
      "Subject%3D%22CN%3Da+b%2CO%3D%C3%BC%21%2A%27%28%29~-_.%22",
    );
  });
});
