import type { TcpMiddlewareKind } from "./tcp-middleware.ts";

/**
 * Lets each client address have so many connections at once on an entrypoint and closes further ones.
 * Each router counts for itself. Source: Traefik's pkg/middlewares/tcp/inflightconn/inflight_conn.go.
 */
export const inFlightConn: TcpMiddlewareKind<"inFlightConn"> = {
  perRouter: true,
  create({ amount }, { name, router, counters, logger }) {
    const counts = counters.counts(`${name} ${router} connections`);
    return {
      middleware: (next) => (accepted) => {
        const { ip } = accepted.remote;
        const client = `${accepted.entryPoint} ${ip}`;
        if (!counts.raise(client, amount)) {
          const fields = { remote: ip, amount };
          logger.debug("Connection refused: too many of this client at once", fields);
          accepted.closed();
          accepted.connection.close();
          return;
        }
        const closed = accepted.closed.bind(accepted);
        let counted = true;
        accepted.closed = () => {
          if (counted) {
            counted = false;
            counts.lower(client);
          }
          closed();
        };
        next(accepted);
      },
    };
  },
};
