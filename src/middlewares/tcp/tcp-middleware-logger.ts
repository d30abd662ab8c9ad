/** What TCP middlewares need of a logger. */
export interface TcpMiddlewareLogger {
  debug(message: string, fields?: Record<string, unknown>): void;
}
