import type { Address } from "../../../net/connection.ts";
import type { Sendable } from "./web-socket/server-socket.ts";
import type { UpgradeOptions } from "./web-socket/upgrades.ts";

/** Who asks: of an exchange, or as the router told a process of its own. */
export interface Asked {
  readonly downstream: { readonly remote: Address; readonly protocol: string };
}

/** A request's way to become a WebSocket, and those that are there. */
export interface Sockets {
  upgrade(remoteAddress: string, options: UpgradeOptions): boolean;
  publish(topic: string, data: Sendable): number;
}

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
  readonly #asked: Asked;
  readonly #upgrades: Sockets;

  constructor(asked: Asked, variables: Readonly<Record<string, unknown>>, upgrades: Sockets) {
    this.#asked = asked;
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
    const transport = this.#asked.downstream.protocol === "HTTP/3.0" ? "udp" : "tcp";
    return { transport, hostname: ip, port };
  }

  /** The same in other words; the request is taken for granted. */
  requestIP(): RequestAddress {
    const { ip, port } = this.#remote;
    return { address: ip, family: ip.includes(":") ? "IPv6" : "IPv4", port };
  }

  get #remote(): Address {
    return this.#asked.downstream.remote;
  }
}
