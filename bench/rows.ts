import type { Row } from "./context.ts";
import { afterHttp2Row } from "./rows/after-http2-row.ts";
import { cacheRow } from "./rows/features/cache-row.ts";
import { compressRow } from "./rows/features/compress-row.ts";
import { filesRow } from "./rows/features/files-row.ts";
import { functionsRow } from "./rows/features/functions-row.ts";
import { middlewaresRow } from "./rows/features/middlewares-row.ts";
import { telemetryRow } from "./rows/features/telemetry-row.ts";
import { floodRow } from "./rows/flood-row.ts";
import { handshakeRow } from "./rows/handshake-row.ts";
import { idleConnectionsRow } from "./rows/idle-connections-row.ts";
import { latencyRow } from "./rows/latency-row.ts";
import { protocolRow } from "./rows/protocol-row.ts";
import { relayRow } from "./rows/relay-row.ts";
import { reloadRow } from "./rows/reload-row.ts";
import { routerCountRow } from "./rows/router-count-row.ts";
import { startRow } from "./rows/start-row.ts";
import { throughputRow } from "./rows/throughput-row.ts";
import { websocketRow } from "./rows/websocket-row.ts";
import { workersRow } from "./rows/workers-row.ts";

/** TCP routers. */
const RELAYS = Object.fromEntries(
  (
    [
      {
        name: "relay",
        title: "TCP, downloads of 16 MiB",
        kind: "relay",
        file: "16m",
        yields: true,
      },
      {
        name: "passthrough",
        title: "TLS by SNI, not terminated, downloads of 16 MiB",
        kind: "passthrough",
        file: "16m",
        yields: true,
      },
      { name: "relay-small", title: "TCP, 5 bytes", kind: "relay", file: "small" },
      { name: "relay-64k", title: "TCP, 64 KiB", kind: "relay", file: "64k" },
      { name: "relay-1m", title: "TCP, 1 MiB", kind: "relay", file: "1m" },
      {
        name: "relay-short-64k",
        title: "TCP, a connection for each 64 KiB",
        kind: "relay",
        file: "64k",
        short: true,
      },
      {
        name: "relay-short-1m",
        title: "TCP, a connection for each 1 MiB",
        kind: "relay",
        file: "1m",
        short: true,
      },
      { name: "passthrough-64k", title: "TLS by SNI, 64 KiB", kind: "passthrough", file: "64k" },
      { name: "passthrough-1m", title: "TLS by SNI, 1 MiB", kind: "passthrough", file: "1m" },
    ] as const
  ).map((row) => [row.name, relayRow(row)]),
);

export const ROWS: Readonly<Record<string, Row>> = {
  small: throughputRow("small", { nginx: 1.15, Traefik: 0.2 }),
  "64k": throughputRow("64k", { nginx: 1.1, HAProxy: 1 }),
  "1m": throughputRow("1m", { nginx: 1, Traefik: 0.9 }),
  https: protocolRow("https", "small", { nginx: 1 }),
  "https-64k": protocolRow("https", "64k", { nginx: 1 }),
  h2: protocolRow("h2", "small", { nginx: 1 }),
  h2c: protocolRow("h2c", "small", { nginx: 1 }),
  handshakes: handshakeRow,
  websocket: websocketRow,
  ...RELAYS,
  "after-h2": afterHttp2Row,
  latency: latencyRow,
  workers: workersRow,
  middlewares: middlewaresRow,
  telemetry: telemetryRow,
  compress: compressRow,
  cache: cacheRow,
  files: filesRow,
  functions: functionsRow,
  floods: floodRow,
  routers: routerCountRow,
  reload: reloadRow,
  idle: idleConnectionsRow,
  start: startRow,
};
