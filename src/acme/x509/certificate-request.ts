import { context, der, derInteger, derObjectIdentifier, SEQUENCE, SET } from "../../tls/der.ts";
import {
  distinguishedName,
  EMAIL_ADDRESS,
  subjectAltNames,
} from "../../tls/x509/certificate-writer.ts";
import { generalNameOf, identifierOf } from "./identifier.ts";
import type { Key } from "./key.ts";
import { signed } from "./signed.ts";

/** What a common name holds at most (RFC 5280 appendix A.1, ub-common-name). */
const LONGEST_COMMON_NAME = 64;
const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";

export interface RequestedCertificate {
  /** The first is the common name, where it is a name and fits. */
  readonly names: readonly string[];
  /** Traefik's emailAddresses: further alternative names. */
  readonly emailAddresses?: readonly string[];
  readonly disableCommonName?: boolean;
}

/** A request for a certificate (RFC 2986) in DER. */
export async function certificateRequest(
  { names, emailAddresses = [], disableCommonName = false }: RequestedCertificate,
  key: Key,
): Promise<Uint8Array> {
  const [first] = names;
  const isCommonName =
    !disableCommonName && first.length <= LONGEST_COMMON_NAME && identifierOf(first).type === "dns";
  const emails = emailAddresses.map((address) =>
    der(EMAIL_ADDRESS, new TextEncoder().encode(address)),
  );
  const extensions = der(
    SEQUENCE,
    subjectAltNames([...names.map((name) => generalNameOf(name)), ...emails]),
  );
  const attribute = der(SEQUENCE, derObjectIdentifier(EXTENSION_REQUEST), der(SET, extensions));
  const content = der(
    SEQUENCE,
    derInteger(Uint8Array.of(0)),
    distinguishedName(isCommonName ? first : ""),
    key.publicKey,
    der(context(0), attribute),
  );
  return signed(content, key);
}
