import type { Snapshot } from "../../snapshot/snapshot.ts";
import { readCertificate, serverNamesOf } from "../../tls/certificate.ts";
import { readPemBlocks } from "../../tls/pem.ts";
import { readFromTable } from "../../tls/pem-reader.ts";

/** What the certificates of a configuration are for, wherever they come from. Each is read once. */
export class CoveredNames {
  private known = new Map<string, readonly string[]>();

  /** Names of all certificates of the default store, its default certificate included. */
  of({ tls, pems }: Pick<Snapshot, "tls" | "pems">): string[] {
    const readText = readFromTable(pems);
    const fallback = tls.stores?.["default"]?.defaultCertificate;
    const named = [...(tls.certificates ?? []), ...(fallback === undefined ? [] : [fallback])];
    const next = new Map<string, readonly string[]>();
    for (const { certFile } of named) {
      let text: string;
      try {
        // A table's reader doesn't wait for anything.
        text = readText(certFile) as string;
      } catch {
        continue;
      }
      next.set(text, this.known.get(text) ?? namesIn(text));
    }
    this.known = next;
    return [...next.values()].flat();
  }
}

/** None where the certificate can't be read: that is reported where it is to be used. */
function namesIn(text: string): readonly string[] {
  try {
    const leaf = readPemBlocks(text).find(({ label }) => label === "CERTIFICATE");
    return leaf === undefined ? [] : serverNamesOf(readCertificate(leaf.bytes));
  } catch {
    return [];
  }
}
