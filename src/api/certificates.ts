import { readCertificateDetails } from "../certificates/certificate-details.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { readCertificate, serverNamesOf } from "../tls/certificate.ts";
import { readPemBlocks } from "../tls/pem.ts";
import { readFromTable } from "../tls/pem-reader.ts";
import { goTime } from "./go/go-time.ts";
import type { ShownFailure } from "./shown-failure.ts";

/** A certificate as Traefik's API shows it, in its members' order. Source: Traefik's pkg/api/certificate.go. */
export interface ApiCertificate {
  /** SHA-256 of the certificate in DER, in hexadecimal: it goes by that. */
  readonly name: string;
  readonly sans: readonly string[];
  readonly notAfter: string;
  readonly notBefore: string;
  readonly serialNumber: string;
  readonly commonName: string;
  readonly issuerOrg: string | undefined;
  readonly issuerCN: string | undefined;
  readonly issuerCountry: string | undefined;
  readonly organization: string | undefined;
  readonly country: string | undefined;
  readonly version: string;
  readonly keyType: string;
  readonly keySize: number | undefined;
  readonly signatureAlgorithm: string;
  readonly certFingerprint: string;
  readonly publicKeyFingerprint: string;
  /** "warning" in its last 30 days. */
  readonly status: "enabled" | "warning" | "expired";
  /** Ours, as the next two: the resolver that has it. */
  readonly resolver?: string;
  readonly renewAt?: string | undefined;
  /** Why it could not be renewed. */
  readonly renewalFailure?: ShownFailure | undefined;
}

/** One of a configuration's certificates, read. */
export interface ListedCertificate {
  readonly shown: ApiCertificate;
  /** The names by which a server finds it, sorted, in lower case. */
  readonly names: readonly string[];
  /** It is what is shown where no other fits. */
  readonly isDefault: boolean;
}

const DEFAULT_STORE = "default";
const NOTICE = 30 * 24 * 60 * 60 * 1000;

/** The certificates that a snapshot configures; those that can't be read are left out, with their errors elsewhere. */
export async function certificatesOf(
  { tls, pems }: Pick<Snapshot, "tls" | "pems">,
  now: number,
): Promise<ListedCertificate[]> {
  const read = readFromTable(pems);
  const listed = new Map<string, ListedCertificate>();
  const add = async (certFile: string, isDefault: boolean) => {
    try {
      const certificate = await listedCertificate(await read(certFile), isDefault, now);
      const { name } = certificate.shown;
      if (isDefault || !listed.has(name)) listed.set(name, certificate);
    } catch {
      // What is wrong with it is among the errors of the configuration.
    }
  };
  for (const { certFile, stores } of tls.certificates ?? [])
    if (stores === undefined || stores.length === 0 || stores.includes(DEFAULT_STORE))
      await add(certFile, false);
  const preset = tls.stores?.[DEFAULT_STORE]?.defaultCertificate;
  if (preset !== undefined) await add(preset.certFile, true);
  return [...listed.values()].sort((a, b) =>
    a.shown.commonName < b.shown.commonName ? -1 : a.shown.commonName > b.shown.commonName ? 1 : 0,
  );
}

async function listedCertificate(
  pem: string,
  isDefault: boolean,
  now: number,
): Promise<ListedCertificate> {
  const leaf = readPemBlocks(pem).find(({ label }) => label === "CERTIFICATE");
  if (leaf === undefined) throw new Error("expected a certificate, found none");
  const certificate = readCertificate(leaf.bytes);
  const { subject, issuer, signatureAlgorithm, keyType, keySize } = readCertificateDetails(
    leaf.bytes,
  );
  const fingerprint = await sha256(leaf.bytes);
  const left = certificate.notAfter - now;
  return {
    isDefault,
    names: serverNamesOf(certificate).sort(),
    shown: {
      name: fingerprint,
      sans: [...certificate.dnsNames, ...certificate.ipAddresses].sort(),
      notAfter: goTime(certificate.notAfter),
      notBefore: goTime(certificate.notBefore),
      serialNumber: certificate.serial,
      commonName: certificate.commonName,
      issuerOrg: issuer.organization || undefined,
      issuerCN: issuer.commonName || undefined,
      issuerCountry: issuer.country || undefined,
      organization: subject.organization || undefined,
      country: subject.country || undefined,
      version: `v${certificate.version}`,
      keyType,
      keySize: keySize || undefined,
      signatureAlgorithm,
      certFingerprint: fingerprint,
      publicKeyFingerprint: await sha256(certificate.publicKey),
      status: left < 0 ? "expired" : left < NOTICE ? "warning" : "enabled",
    },
  };
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return new Uint8Array(digest).toHex();
}
