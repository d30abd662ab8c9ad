import type { Case } from "./case.ts";
import { CONNECTION_CASES } from "./connection-cases.ts";
import { ENDPOINT_CASES } from "./endpoint-cases.ts";
import { ENGINE_CASES } from "./engine-cases.ts";
import { FAILURE_CASES } from "./failure-cases.ts";
import { FLOW_CASES } from "./flow-cases.ts";
import { HOST_CASES } from "./host-cases.ts";
import { HTTP_CLIENT_CASES } from "./http-client-cases.ts";
import { RELAY_CASES } from "./relay-cases.ts";
import { TLS_CONNECTION_CASES } from "./tls/tls-connection-cases.ts";
import { TLS_HANDSHAKE_CASES } from "./tls/tls-handshake-cases.ts";
import { TLS_OPTION_CASES } from "./tls/tls-option-cases.ts";
import { TLS_PEER_CASES } from "./tls/tls-peer-cases.ts";
import { TLS_SESSION_CASES } from "./tls/tls-session-cases.ts";
import { UDP_CASES } from "./udp-cases.ts";
import { WORKER_CASES } from "./worker-cases.ts";

/** What every runtime adapter must do; see `src/net/connection.ts` and `src/net/runtime.ts`. */
export const SUITE: readonly Case[] = [
  ...CONNECTION_CASES,
  ...FLOW_CASES,
  ...ENDPOINT_CASES,
  ...FAILURE_CASES,
  ...RELAY_CASES,
  ...HOST_CASES,
  ...ENGINE_CASES,
  ...HTTP_CLIENT_CASES,
  ...TLS_CONNECTION_CASES,
  ...TLS_HANDSHAKE_CASES,
  ...TLS_PEER_CASES,
  ...TLS_OPTION_CASES,
  ...TLS_SESSION_CASES,
  ...UDP_CASES,
  ...WORKER_CASES,
];
