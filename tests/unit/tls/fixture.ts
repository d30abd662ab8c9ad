import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Certificates and keys as OpenSSL 3.0 writes them, for tests only; the certificates are valid for 10 or 100 years. */
export function fixture(name: string): string {
  return readFileSync(join(import.meta.dir, "fixtures", name), "utf8");
}
