import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { formatAddress } from "../net/address.ts";
import type { Connection, ConnectionHandler } from "../net/connection.ts";
import type { Dial, DialHandler, Runtime } from "../net/runtime.ts";
import type { TcpServer } from "../services/tcp/tcp-proxy.ts";

/** `loadBalancer.healthCheck` of a TCP service. Times in milliseconds. */
export interface TcpHealthCheckOptions {
  /** Instead of the server's. */
  readonly port: number | undefined;
  /** "" for nothing: that the server accepts is enough. */
  readonly send: string;
  readonly expect: string;
  readonly interval: number;
  readonly unhealthyInterval: number;
  readonly timeout: number;
}

export interface TcpHealthCheckContext {
  /** The service's qualified name, for the log. */
  readonly service: string;
  readonly connect: Runtime["connect"];
  readonly logger: Logger;
  /** Hears the outcome of every check. */
  readonly report: (index: number, up: boolean) => void;
}

/**
 * Connects to each server regularly, says what is to be said and looks at the answer's beginning.
 * Servers count as up until a check fails. Source: Traefik's pkg/healthcheck/healthcheck_tcp.go.
 */
export class TcpHealthCheck {
  private readonly options: TcpHealthCheckOptions;
  private readonly context: TcpHealthCheckContext;
  private readonly timers: ReturnType<typeof setTimeout>[] = [];
  private stopped = false;

  /** Starts. */
  constructor(
    servers: readonly TcpServer[],
    options: TcpHealthCheckOptions,
    context: TcpHealthCheckContext,
  ) {
    this.options = options;
    this.context = context;
    servers.forEach((server, index) => {
      this.schedule(index, server, true, options.interval);
    });
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  private schedule(index: number, server: TcpServer, up: boolean, delay: number): void {
    if (this.stopped) return;
    this.timers[index] = setTimeout(() => void this.run(index, server, up), delay);
  }

  private async run(index: number, server: TcpServer, wasUp: boolean): Promise<void> {
    const failure = await probe(server, this.options, this.context.connect);
    if (this.stopped) return;
    const up = failure === null;
    if (up !== wasUp) this.log(server, failure);
    this.context.report(index, up);
    const { interval, unhealthyInterval } = this.options;
    this.schedule(index, server, up, up ? interval : unhealthyInterval);
  }

  private log({ hostname, port }: TcpServer, failure: string | null): void {
    const { logger, service } = this.context;
    const targetAddress = formatAddress({ ip: hostname, port });
    const fields = { serviceName: service, targetAddress };
    if (failure === null) logger.info("Health check succeeded again: the server is up", fields);
    else logger.warn("Health check failed: the server is down", { ...fields, error: failure });
  }
}

/** One check: null where the server is well, else what is wrong. Never rejects. */
function probe(
  server: TcpServer,
  options: TcpHealthCheckOptions,
  connect: Runtime["connect"],
): Promise<string | null> {
  return new Promise((resolve) => {
    new Probe(server, options, connect, resolve);
  });
}

class Probe implements DialHandler, ConnectionHandler {
  private readonly settle: (failure: string | null) => void;
  private readonly timer: ReturnType<typeof setTimeout>;
  private readonly dial: Dial;
  private connection: Connection | null = null;
  /** What the connection hasn't taken yet. */
  private unsent: Uint8Array;
  private readonly expected: Uint8Array;
  /** How many of the expected bytes have come. */
  private received = 0;
  private over = false;

  constructor(
    { hostname, port, tls }: TcpServer,
    options: TcpHealthCheckOptions,
    connect: Runtime["connect"],
    settle: (failure: string | null) => void,
  ) {
    const encoder = new TextEncoder();
    this.unsent = encoder.encode(options.send);
    this.expected = encoder.encode(options.expect);
    this.settle = settle;
    this.timer = setTimeout(() => this.finish("no answer within the timeout"), options.timeout);
    this.dial = connect({ hostname, port: options.port ?? port, tls }, this);
  }

  connected(connection: Connection): ConnectionHandler {
    this.connection = connection;
    this.drain();
    return this;
  }

  failed(error: Error): void {
    this.finish(messageOf(error));
  }

  data(chunk: Uint8Array): void {
    const { expected } = this;
    for (let i = 0; i < chunk.length && this.received < expected.length; i++, this.received++) {
      if (chunk[i] === expected[this.received]) continue;
      this.finish("the server answers something else than expected");
      return;
    }
    if (this.received === expected.length && this.unsent.length === 0) this.finish(null);
  }

  drain(): void {
    if (this.unsent.length > 0) {
      const taken = this.connection!.write(this.unsent);
      if (taken > 0) this.unsent = this.unsent.subarray(taken);
    }
    if (this.received === this.expected.length && this.unsent.length === 0) this.finish(null);
  }

  end(): void {
    this.finish("the server closed the connection before its answer");
  }

  close(): void {
    this.end();
  }

  private finish(failure: string | null): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    if (this.connection === null) this.dial.cancel();
    else this.connection.close();
    this.settle(failure);
  }
}
