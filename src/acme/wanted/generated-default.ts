import type { Snapshot } from "../../snapshot/snapshot.ts";
import type { StoredCertificate } from "../storage/stored.ts";
import { keyOf } from "./wanted-names.ts";

/**
 * The snapshot with the certificate that `defaultGeneratedCert` of the default store asks for as its
 * default one, once its resolver has it. A `defaultCertificate` beside it goes first, as in Traefik.
 */
export function withGeneratedDefault(
  snapshot: Snapshot,
  certificatesOf: (resolver: string) => readonly StoredCertificate[] | undefined,
): Snapshot {
  const store = snapshot.tls.stores?.["default"];
  const generated = store?.defaultGeneratedCert;
  if (generated?.resolver === undefined || store!.defaultCertificate !== undefined) return snapshot;
  const { main = "", sans = [] } = generated.domain ?? {};
  const wanted = keyOf([main, ...sans].map((name) => name.trim().toLowerCase()));
  const found = certificatesOf(generated.resolver)?.find(
    (one) => keyOf([one.main, ...one.sans]) === wanted,
  );
  if (found === undefined) return snapshot;
  const defaultCertificate = { certFile: found.certificate, keyFile: found.key };
  const stores = { ...snapshot.tls.stores, default: { ...store, defaultCertificate } };
  return { ...snapshot, tls: { ...snapshot.tls, stores } };
}
