import { join } from "node:path";
import type { Row } from "./bench-context.ts";
import { TLS, writeCertificate } from "./certificate-files.ts";
import { yieldResult } from "./comparison.ts";
import { loadScript } from "./load-script.ts";
import { HOST } from "./scenario.ts";
import { scenarioRow } from "./scenario-row.ts";

/** At the same time. */
const CONNECTIONS = 16;

/**
 * Full handshakes. Each connection has one request, which the proxy refuses by itself: an answer
 * proves that it has completed its side, and costs little beside that.
 */
export const handshakeRow: Row = scenarioRow({
  name: "handshakes",
  title: `${TLS.version}, ECDSA P-256, ${TLS.curve}`,
  extras: (directory) => ({ certificate: writeCertificate(directory) }),
  load: ({ tlsPort }, _, seconds) =>
    loadScript(
      join(import.meta.dirname, "handshake-main.ts"),
      [tlsPort, CONNECTIONS, HOST],
      seconds,
    ),
  result: (costs) =>
    yieldResult(
      "Full TLS handshakes for each second of the proxy's CPU",
      `${TLS.version}, ECDSA P-256, ${TLS.curve}`,
      1,
      costs,
    ),
});
