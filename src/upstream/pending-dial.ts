import { messageOf, ProxyError } from "../core/errors.ts";
import type { Expiring } from "../core/timers.ts";
import { formatAddress } from "../net/address.ts";
import type { Connection, ConnectionHandler } from "../net/connection.ts";
import type { ConnectOptions, Dial, DialHandler, Runtime } from "../net/runtime.ts";
import type { UpstreamPool } from "./upstream-pool.ts";

/** A connection of a pool that is being made, TLS handshake included. */
export class PendingDial implements DialHandler, Expiring {
  deadline: number;
  private readonly pool: UpstreamPool;
  private readonly dial: Dial;

  constructor(pool: UpstreamPool, connect: Runtime["connect"], options: ConnectOptions) {
    const { deadlines, transport } = pool;
    this.pool = pool;
    deadlines.add(this);
    this.deadline = deadlines.after(transport.options.dialTimeout);
    this.dial = connect(options, this);
  }

  connected(connection: Connection): ConnectionHandler {
    this.pool.deadlines.remove(this);
    return this.pool.connected(this, connection);
  }

  failed(cause: Error): void {
    this.pool.deadlines.remove(this);
    this.pool.dialFailed(
      this,
      // The adapter's message says where to.
      new ProxyError("connect-failed", "upstream", messageOf(cause), { retryable: true, cause }),
    );
  }

  expired(): void {
    const { hostname, port } = this.pool;
    this.cancel();
    this.pool.dialFailed(
      this,
      new ProxyError(
        "connect-timeout",
        "upstream",
        `connect ${formatAddress({ ip: hostname, port })}: no connection within the dialTimeout`,
        { retryable: true },
      ),
    );
  }

  cancel(): void {
    this.pool.deadlines.remove(this);
    this.dial.cancel();
  }
}
