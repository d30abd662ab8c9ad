import type { Row } from "./bench-context.ts";
import { idleConnectionsRow } from "./idle-connections-row.ts";
import { reloadRow } from "./reload-row.ts";
import { routerCountRow } from "./router-count-row.ts";
import { startRow } from "./start-row.ts";
import { throughputRow } from "./throughput-row.ts";

export const ROWS = {
  small: throughputRow("small", { nginx: 1.15 }),
  "64k": throughputRow("64k", { nginx: 0.75, haproxy: 1 }),
  "1m": throughputRow("1m", { nginx: 0.75, haproxy: 1 }),
  routers: routerCountRow,
  reload: reloadRow,
  idle: idleConnectionsRow,
  start: startRow,
} as const satisfies Record<string, Row>;

export type RowName = keyof typeof ROWS;
