import type { TcpMiddleware } from "../../net/tcp-handler.ts";
import type { TcpMiddlewareLogger } from "./tcp-middleware-logger.ts";

/**
 * Lets each client address have so many connections at once on an entrypoint and closes further ones.
 * Source: Traefik's pkg/middlewares/tcp/inflightconn/inflight_conn.go.
 */
export function inFlightConn(amount: number, logger: TcpMiddlewareLogger): TcpMiddleware {
  const counts = new Map<string, number>();
  return (next) => (accepted) => {
    const { ip } = accepted.remote;
    const client = `${accepted.entryPoint} ${ip}`;
    const count = counts.get(client) ?? 0;
    if (count >= amount) {
      logger.debug("Connection refused: too many of this client at once", { remote: ip, amount });
      accepted.closed();
      accepted.connection.close();
      return;
    }
    counts.set(client, count + 1);
    const closed = accepted.closed.bind(accepted);
    let counted = true;
    accepted.closed = () => {
      if (counted) {
        counted = false;
        const left = counts.get(client)! - 1;
        if (left === 0) counts.delete(client);
        else counts.set(client, left);
      }
      closed();
    };
    next(accepted);
  };
}
