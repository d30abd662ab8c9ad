import { X509Certificate } from "node:crypto";
import { readCertificate } from "../../../src/tls/certificate.ts";
import { readPemBlocks } from "../../../src/tls/pem.ts";
import { systemRoots } from "./system-roots.ts";

export const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
export const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/** Signatures checked for one chain, at most: each costs about a millisecond. */
const MAX_SIGNATURES = 16;

/** Certificates of authorities that are trusted, by their subjects. */
export class TrustAnchors {
  private readonly bySubject = new Map<string, X509Certificate[]>();

  /** PEM texts, of one certificate or several each. */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      for (const { label, bytes } of readPemBlocks(text)) {
        if (label !== "CERTIFICATE") continue;
        const certificate = new X509Certificate(bytes);
        const same = this.bySubject.get(certificate.subject);
        if (same === undefined) this.bySubject.set(certificate.subject, [certificate]);
        else same.push(certificate);
      }
    }
  }

  of(subject: string): readonly X509Certificate[] {
    return this.bySubject.get(subject) ?? [];
  }
}

let system: TrustAnchors | undefined;

/** What the system trusts; read once. */
export function systemAnchors(): TrustAnchors {
  system ??= new TrustAnchors(systemRoots());
  return system;
}

/**
 * Why a chain, leaf first, doesn't lead to an authority that is trusted; null where it does.
 *
 * A second opinion: Deno's node:tls takes certificates that its library can't read for trusted as
 * soon as their issuer's name is that of an authority, and asks of a resumed session nothing, even
 * where it began under another context. What that library checks and this doesn't (constraints on
 * names and on the length of the path) needs both to say yes.
 */
export function chainProblem(
  chain: readonly Uint8Array[],
  anchors: TrustAnchors,
  usage: string,
): string | null {
  const [leaf, ...others] = chain.map((der) => new X509Certificate(der));
  const { version, extendedKeyUsages } = readCertificate(chain[0]);
  // Of the others the library doesn't even check that the peer has their key.
  if (version !== 3) return `an X.509 certificate of version ${version}`;
  if (extendedKeyUsages !== undefined && !extendedKeyUsages.includes(usage)) {
    return "it is for another use";
  }
  const untimely = outOfDate(leaf);
  if (untimely !== null) return untimely;
  const search = { anchors, others, signatures: 0 };
  return leadsToAnchor(leaf, search) ? null : "unable to verify its signatures";
}

interface Search {
  readonly anchors: TrustAnchors;
  /** Intermediate certificates that weren't tried yet. */
  others: X509Certificate[];
  signatures: number;
}

function leadsToAnchor(certificate: X509Certificate, search: Search): boolean {
  const trusted = search.anchors.of(certificate.subject);
  if (trusted.some(({ raw }) => raw.equals(certificate.raw))) return true;
  for (const issuer of search.anchors.of(certificate.issuer)) {
    if (mayIssue(issuer) && signed(certificate, issuer, search)) return true;
  }
  for (const issuer of search.others) {
    if (issuer.subject !== certificate.issuer || !issuer.ca || outOfDate(issuer) !== null) continue;
    if (!signed(certificate, issuer, search)) continue;
    search.others = search.others.filter((other) => other !== issuer);
    if (leadsToAnchor(issuer, search)) return true;
  }
  return false;
}

/** A certificate that is trusted for itself is no authority by that, and authorities end too. */
function mayIssue(anchor: X509Certificate): boolean {
  if (outOfDate(anchor) !== null) return false;
  // Before version 3 none could say that it is one.
  return anchor.ca || readCertificate(anchor.raw).version < 3;
}

function signed(certificate: X509Certificate, issuer: X509Certificate, search: Search): boolean {
  if (search.signatures >= MAX_SIGNATURES) return false;
  search.signatures++;
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A kind of key that the runtime doesn't know.
    return false;
  }
}

function outOfDate({ validFrom, validTo }: X509Certificate): string | null {
  const now = Date.now();
  if (!(Date.parse(validFrom) <= now)) return "certificate is not yet valid";
  return Date.parse(validTo) >= now ? null : "certificate has expired";
}
