import type { ConnectOptions, Dial, DialHandler } from "../../../src/net/runtime.ts";
import { FakeConnection } from "./fake-connection.ts";

/** Dials that a test decides about: `connect` as a runtime has it. */
export class FakeDialler {
  readonly dials: FakeDial[] = [];
  readonly connect = (options: ConnectOptions, handler: DialHandler): Dial => {
    const dial = new FakeDial(options, handler);
    this.dials.push(dial);
    return dial;
  };
}

export class FakeDial implements Dial {
  readonly options: ConnectOptions;
  cancelled = false;
  private readonly handler: DialHandler;

  constructor(options: ConnectOptions, handler: DialHandler) {
    this.options = options;
    this.handler = handler;
  }

  cancel(): void {
    this.cancelled = true;
  }

  /** The server has accepted. */
  connects(connection = new FakeConnection()): FakeConnection {
    connection.handler = this.handler.connected(connection);
    return connection;
  }

  fails(message = "connection refused"): void {
    this.handler.failed(new Error(message));
  }
}
