import type { Case } from "./case.ts";
import { CONNECTION_CASES } from "./connection-cases.ts";
import { ENDPOINT_CASES } from "./endpoint-cases.ts";
import { FAILURE_CASES } from "./failure-cases.ts";
import { FLOW_CASES } from "./flow-cases.ts";
import { HOST_CASES } from "./host-cases.ts";
import { TLS_CONNECTION_CASES } from "./tls-connection-cases.ts";
import { UDP_CASES } from "./udp-cases.ts";
import { WORKER_CASES } from "./worker-cases.ts";

/** What every runtime adapter must do; see `src/net/connection.ts` and `src/net/runtime.ts`. */
export const SUITE: readonly Case[] = [
  ...CONNECTION_CASES,
  ...FLOW_CASES,
  ...ENDPOINT_CASES,
  ...FAILURE_CASES,
  ...HOST_CASES,
  ...TLS_CONNECTION_CASES,
  ...UDP_CASES,
  ...WORKER_CASES,
];
