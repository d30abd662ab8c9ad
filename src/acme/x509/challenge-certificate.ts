import type { Runtime } from "../../net/runtime.ts";
import type { KeyPair } from "../../net/tls.ts";
import {
  BIT_STRING,
  context,
  der,
  derInteger,
  derObjectIdentifier,
  derTime,
  OCTET_STRING,
  SEQUENCE,
} from "../../tls/der.ts";
import { pemText } from "../../tls/pem.ts";
import {
  distinguishedName,
  extension,
  subjectAltNames,
} from "../../tls/x509/certificate-writer.ts";
import { generalNameOf } from "./identifier.ts";
import { Key } from "./key.ts";
import { signatureAlgorithm, signed } from "./signed.ts";

const ACME_IDENTIFIER = "1.3.6.1.5.5.7.1.31";
const DAY = 86_400_000;

/**
 * The certificate that proves to an authority who controls a name (RFC 8737 section 3): self-signed,
 * for a day around now.
 */
export async function challengeCertificate(
  name: string,
  keyAuthorization: string,
  runtime: Pick<Runtime, "rsaKey">,
  now = Date.now(),
): Promise<KeyPair> {
  const key = await Key.generate("EC256", runtime);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(keyAuthorization));
  const subject = distinguishedName("ACME challenge");
  const content = der(
    SEQUENCE,
    der(context(0), derInteger(Uint8Array.of(2))),
    derInteger(crypto.getRandomValues(new Uint8Array(16))),
    signatureAlgorithm(key),
    subject,
    der(SEQUENCE, derTime(now - DAY), derTime(now + DAY)),
    subject,
    key.publicKey,
    der(
      context(3),
      der(
        SEQUENCE,
        // The key is for signatures, of servers.
        extension("2.5.29.15", true, der(BIT_STRING, Uint8Array.of(7, 0x80))),
        extension("2.5.29.37", false, der(SEQUENCE, derObjectIdentifier("1.3.6.1.5.5.7.3.1"))),
        subjectAltNames([generalNameOf(name)]),
        extension(ACME_IDENTIFIER, true, der(OCTET_STRING, new Uint8Array(digest))),
      ),
    ),
  );
  return {
    certificate: pemText("CERTIFICATE", await signed(content, key)),
    privateKey: pemText("PRIVATE KEY", key.pkcs8),
  };
}
