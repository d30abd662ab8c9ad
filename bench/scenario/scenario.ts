/**
 * What every proxy is configured to do, in its own words: 100 routes by host and path prefix, all
 * the X-Forwarded-* headers, one request and one response header set, weighted round robin over
 * two addresses of one backend with a pool of kept-alive connections, and an access log.
 */
export const HOSTS = Array.from({ length: 10 }, (_, i) => `app${i}.test`);
export const PREFIXES = Array.from({ length: 10 }, (_, i) => `/svc${i}`);

/** The route that the load takes: neither the first nor the last. */
export const HOST = HOSTS[6];
export const PREFIX = PREFIXES[4];

export const REQUEST_HEADER = ["X-Bench-Request", "set-by-the-proxy"] as const;
export const RESPONSE_HEADER = ["X-Bench-Response", "set-by-the-proxy"] as const;

/** Weights of the backend's two addresses. */
export const WEIGHTS = [3, 1] as const;

/** Idle connections to the backend that a proxy may keep. */
export const POOL = 200;

export const CASES = {
  small: { path: `${PREFIX}/hello`, size: 5, title: "full chain, 5 bytes" },
  "64k": { path: `${PREFIX}/64k`, size: 64 * 1024, title: "full chain, 64 KiB" },
  "1m": { path: `${PREFIX}/1m`, size: 1024 * 1024, title: "full chain, 1 MiB" },
} as const;

/** All that the backend has; the last one is for long downloads. */
export const FILES = {
  ...CASES,
  "16m": { path: `${PREFIX}/16m`, size: 16 * 1024 * 1024 },
} as const;

export type FileName = keyof typeof FILES;

export type Case = keyof typeof CASES;

/** Leads to a server that echoes WebSocket messages, where a row has one. */
export const WEBSOCKET_PATH = "/websocket";

/** The backend answers with what it received in these headers. */
export const CHECK_PATH = `${PREFIX}/check`;
export const CHECKED_HEADERS = [
  "X-Forwarded-For",
  "X-Forwarded-Proto",
  "X-Forwarded-Host",
  "X-Forwarded-Port",
  "X-Forwarded-Server",
  "X-Real-Ip",
  REQUEST_HEADER[0],
];
