import type { Row } from "./bench-context.ts";
import { floodRow } from "./flood-row.ts";
import { handshakeRow } from "./handshake-row.ts";
import { idleConnectionsRow } from "./idle-connections-row.ts";
import { protocolRow } from "./protocol-row.ts";
import { relayRow } from "./relay-row.ts";
import { reloadRow } from "./reload-row.ts";
import { routerCountRow } from "./router-count-row.ts";
import { startRow } from "./start-row.ts";
import { throughputRow } from "./throughput-row.ts";
import { websocketRow } from "./websocket-row.ts";

export const ROWS = {
  small: throughputRow("small", { nginx: 1.15 }),
  "64k": throughputRow("64k", { nginx: 0.75, haproxy: 1 }),
  "1m": throughputRow("1m", { nginx: 0.75, haproxy: 1 }),
  https: protocolRow("https", "small", { nginx: 1 }),
  "https-64k": protocolRow("https", "64k", { nginx: 1 }),
  h2: protocolRow("h2", "small", { nginx: 0.8 }),
  h2c: protocolRow("h2c", "small", { nginx: 1 }),
  handshakes: handshakeRow,
  websocket: websocketRow,
  passthrough: relayRow("passthrough"),
  relay: relayRow("relay"),
  floods: floodRow,
  routers: routerCountRow,
  reload: reloadRow,
  idle: idleConnectionsRow,
  start: startRow,
} as const satisfies Record<string, Row>;

export type RowName = keyof typeof ROWS;
