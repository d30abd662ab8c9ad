/** Who caused a failure: the client's side, the backend's side, or Sluice itself. */
export type ErrorSource = "downstream" | "upstream" | "internal";

/** What went wrong, as one stable word that logs, metrics and tests can rely on. */
export type ErrorCode =
  | "bad-request"
  | "header-too-large"
  | "uri-too-long"
  | "body-too-large"
  | "version-not-supported"
  | "not-implemented"
  | "expectation-failed"
  | "request-timeout"
  | "client-gone"
  | "connect-failed"
  | "connect-timeout"
  | "response-timeout"
  | "upstream-closed"
  | "upstream-reset"
  | "upstream-protocol"
  | "draining"
  | "handler-failed"
  | "aborted";

export interface ProxyErrorOptions {
  /** True where the same request may be sent again on another connection without being seen twice. */
  retryable?: boolean;
  cause?: unknown;
}

/**
 * The one error type of the data path.
 * `statusOf` is the only place that turns it into a response status.
 */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly code: ErrorCode;
  readonly source: ErrorSource;
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    source: ErrorSource,
    message: string,
    options: ProxyErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.source = source;
    this.retryable = options.retryable ?? false;
  }
}

const STATUS: Record<ErrorCode, number> = {
  "bad-request": 400,
  "header-too-large": 431,
  "uri-too-long": 414,
  "body-too-large": 413,
  "version-not-supported": 505,
  "not-implemented": 501,
  "expectation-failed": 417,
  "request-timeout": 408,
  "client-gone": 499,
  "connect-failed": 502,
  "connect-timeout": 504,
  "response-timeout": 504,
  "upstream-closed": 502,
  "upstream-reset": 502,
  "upstream-protocol": 502,
  draining: 503,
  "handler-failed": 500,
  aborted: 499,
};

/**
 * The response status for a failure: Traefik's mapping (timeout 504, network trouble or EOF 502, a
 * client that went away 499, anything else 500), and RFC 9110's 4xx for what the client sent.
 */
export function statusOf(error: unknown): number {
  return error instanceof ProxyError ? STATUS[error.code] : 500;
}

/** The message of anything that was thrown, for a log line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
