import { getCACertificates } from "node:tls";

let roots: readonly string[] | undefined;

/**
 * The authorities that the system trusts, and those of NODE_EXTRA_CA_CERTS, as PEM texts; where the
 * system names none, those that the runtime comes with. By itself a runtime would trust its own
 * alone. Read once.
 */
export function systemRoots(): readonly string[] {
  if (roots === undefined) {
    const system = getCACertificates("system");
    roots = [
      ...(system.length > 0 ? system : getCACertificates("bundled")),
      ...getCACertificates("extra"),
    ];
  }
  return roots;
}
