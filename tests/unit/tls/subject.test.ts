import { expect, test } from "bun:test";
import { subjectText } from "../../../src/tls/subject.ts";

/** A certificate in DER, by openssl. */
function makeDer(subject: string): Uint8Array {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "-"];
  const { stdout, exitCode, stderr } = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-utf8", "-subj", subject, ...key, "-out", "-"],
  ]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  const [, base64] = /BEGIN CERTIFICATE-----([^-]*)-----END/.exec(stdout.toString())!;
  return Uint8Array.fromBase64(base64);
}

// As Go's pkix.Name writes them.
const SUBJECTS: readonly (readonly [subject: string, text: string])[] = [
  ["/CN=worker", "CN=worker"],
  ["/C=DE/ST=BY/L=M/O=us, them/OU=a/OU=b/CN=x", "CN=x,ST=BY,L=M,OU=a+OU=b,O=us\\, them,C=DE"],
  ["/CN=first/CN=last/serialNumber=7", "SERIALNUMBER=7,CN=last"],
  ['/CN=#a\\\\<b>;"c', 'CN=\\#a\\\\\\<b\\>\\;\\"c'],
  ["/CN= a b ", "CN=\\ a b\\ "],
  ["/CN=Jürgen", "CN=Jürgen"],
  ["/CN=x/emailAddress=a@b.c", "CN=x,1.2.840.113549.1.9.1=#0c056140622e63"],
  ["/DC=org/CN=x", "CN=x,0.9.2342.19200300.100.1.25=#13036f7267"],
];

for (const [subject, text] of SUBJECTS) {
  test(`${subject} is ${text}`, () => {
    expect(subjectText(makeDer(subject))).toBe(text);
  });
}

test("what is no certificate is refused", () => {
  expect(() => subjectText(Uint8Array.of(0x30, 0))).toThrow("DER");
  expect(() => subjectText(new Uint8Array(0))).toThrow("DER");
});
