import type { Exchange } from "../../../http/exchange.ts";
import type { Address } from "../../../net/connection.ts";
import type { Sendable } from "./web-socket/server-socket.ts";
import type { UpgradeOptions, Upgrades } from "./web-socket/upgrades.ts";

/** An address as Deno's server shows it. */
export interface RemoteAddress {
  readonly transport: "tcp" | "udp";
  readonly hostname: string;
  readonly port: number;
}

/** An address as Bun's server shows it. */
export interface RequestAddress {
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  readonly port: number;
}

/**
 * The second argument of a module's `fetch`: the variables that the configuration names, and the client
 * in the words of both runtimes' own servers, so that libraries for either find it (Hono's getConnInfo
 * and ip-restriction do). What is not a variable is no property of its own: a module that logs or
 * spreads it shows the variables only.
 */
export class HandlerEnvironment {
  readonly #exchange: Exchange;
  readonly #upgrades: Upgrades;

  constructor(
    exchange: Exchange,
    variables: Readonly<Record<string, unknown>>,
    upgrades: Upgrades,
  ) {
    this.#exchange = exchange;
    this.#upgrades = upgrades;
    Object.assign(this, variables);
  }

  /** The request becomes a WebSocket of the module's `websocket`. False where it can't. */
  upgrade(_request: Request, options: UpgradeOptions = {}): boolean {
    return this.#upgrades.upgrade(this.requestIP().address, options);
  }

  /** To all WebSockets that subscribed to the topic; how many got it. */
  publish(topic: string, data: Sendable): number {
    return this.#upgrades.publish(topic, data);
  }

  /** The peer of the connection, which may be a proxy before this one. */
  get remoteAddr(): RemoteAddress {
    const { ip, port } = this.#remote;
    const transport = this.#exchange.downstream.protocol === "HTTP/3.0" ? "udp" : "tcp";
    return { transport, hostname: ip, port };
  }

  /** The same in other words; the request is taken for granted. */
  requestIP(): RequestAddress {
    const { ip, port } = this.#remote;
    return { address: ip, family: ip.includes(":") ? "IPv6" : "IPv4", port };
  }

  get #remote(): Address {
    return this.#exchange.downstream.remote;
  }
}
