import type { ServerCertificate } from "./server-certificate.ts";

/**
 * Finds the certificate for a connection: one with exactly its name first, then one with the
 * wildcard that stands for its first label. Of several certificates for the same list of names the
 * first is kept; where different lists share a name, the one that sorts last has it. Source:
 * Traefik's pkg/tls/certificate_store.go, which keeps one certificate for a list of names, whatever
 * the kinds of their keys.
 */
export class CertificateStore {
  /** Each once, in the order in which they are looked at. */
  readonly certificates: readonly ServerCertificate[];
  private readonly exact = new Map<string, ServerCertificate>();
  /** By what follows "*", such as ".example.com". */
  private readonly wildcards = new Map<string, ServerCertificate>();

  constructor(certificates: readonly ServerCertificate[]) {
    const byNames = new Map<string, ServerCertificate>();
    for (const certificate of certificates) {
      const key = certificate.names.join(",");
      if (!byNames.has(key)) byNames.set(key, certificate);
    }
    const keys = [...byNames.keys()].sort().reverse();
    this.certificates = keys.map((key) => byNames.get(key)!);
    for (const certificate of this.certificates) {
      for (const name of certificate.names) {
        const wildcard = name.startsWith("*.");
        const names = wildcard ? this.wildcards : this.exact;
        const key = wildcard ? name.slice(1) : name;
        if (!names.has(key)) names.set(key, certificate);
      }
    }
  }

  /** `name` is in lower case: what the client asks for, or else the local address. */
  find(name: string): ServerCertificate | undefined {
    const certificate = this.exact.get(name);
    if (certificate !== undefined) return certificate;
    const dot = name.indexOf(".");
    return dot < 0 ? undefined : this.wildcards.get(name.slice(dot));
  }

  /** Each name, wildcards with their "*", and the certificate that `find` has for it. */
  *byName(): Generator<[name: string, certificate: ServerCertificate]> {
    yield* this.exact;
    for (const [suffix, certificate] of this.wildcards) yield [`*${suffix}`, certificate];
  }
}
