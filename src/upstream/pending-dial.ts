import { messageOf, ProxyError } from "../core/errors.ts";
import type { Deadlines, Expiring } from "../core/timers.ts";
import { formatAddress } from "../net/address.ts";
import type { Connection, ConnectionHandler } from "../net/connection.ts";
import type { ConnectOptions, Dial, DialHandler, Runtime } from "../net/runtime.ts";
import type { UpstreamAddress } from "./call-pool.ts";
import type { Transport } from "./transport.ts";

/** Whom a dial is for: hears once of its end. */
export interface DialOwner {
  readonly address: UpstreamAddress;
  readonly transport: Transport;
  readonly deadlines: Deadlines;
  connected(dial: PendingDial, connection: Connection): ConnectionHandler;
  dialFailed(dial: PendingDial, error: ProxyError): void;
}

/** A connection of a pool that is being made, TLS handshake included. */
export class PendingDial implements DialHandler, Expiring {
  deadline: number;
  private readonly owner: DialOwner;
  private readonly dial: Dial;

  constructor(owner: DialOwner, connect: Runtime["connect"], options: ConnectOptions) {
    const { deadlines, transport } = owner;
    this.owner = owner;
    deadlines.add(this);
    this.deadline = deadlines.after(transport.options.dialTimeout);
    this.dial = connect(options, this);
  }

  connected(connection: Connection): ConnectionHandler {
    this.owner.deadlines.remove(this);
    return this.owner.connected(this, connection);
  }

  failed(cause: Error): void {
    this.owner.deadlines.remove(this);
    this.owner.dialFailed(
      this,
      // The adapter's message says where to.
      new ProxyError("connect-failed", "upstream", messageOf(cause), { retryable: true, cause }),
    );
  }

  expired(): void {
    const { hostname, port } = this.owner.address;
    this.cancel();
    this.owner.dialFailed(
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
    this.owner.deadlines.remove(this);
    this.dial.cancel();
  }
}
