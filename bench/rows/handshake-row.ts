import { join } from "node:path";
import type { Row } from "../context.ts";
import { loadScript } from "../load/load-script.ts";
import { TLS, writeCertificate } from "../scenario/certificate-files.ts";
import { HOST } from "../scenario/scenario.ts";
import { scenarioRow } from "./scenario-row.ts";

/** At the same time. */
const CONNECTIONS = 16;

/**
 * Full handshakes. Each connection has one request, which the proxy refuses by itself: an answer
 * proves that it has completed its side, and costs little beside that.
 */
export const handshakeRow: Row = scenarioRow({
  name: "handshakes",
  heading: "Full TLS handshakes for each second of the proxy's CPU",
  title: `${TLS.version}, ECDSA P-256, ${TLS.curve}`,
  aim: { nginx: 1 },
  yields: true,
  extras: (directory) => ({ certificate: writeCertificate(directory) }),
  load: ({ tlsPort }, _, seconds) =>
    loadScript(
      join(import.meta.dirname, "../load/handshake-main.ts"),
      [tlsPort, CONNECTIONS, HOST],
      seconds,
    ),
});
