import type { udp } from "bun";
import { canonicalIp } from "../../../src/net/address.ts";
import type { Address } from "../../../src/net/connection.ts";
import type { DatagramHandler, UdpOptions, UdpSocket } from "../../../src/net/udp/udp.ts";
import { codeOf } from "../../node/system-error.ts";
import { openUdp } from "../../node/udp/open-udp.ts";
import { MAX_DATAGRAM, sendingHost, UdpPeer } from "../../node/udp/udp-addresses.ts";
import { reportUncaught } from "../../node/uncaught.ts";

/** uSockets' LIBUS_LISTEN_REUSE_PORT: unlike Bun.listen, Bun.udpSocket takes no `reusePort`. */
const REUSE_PORT = 4;

type Socket = udp.Socket<"uint8array">;
type ConnectedSocket = udp.ConnectedSocket<"uint8array">;

/** Binds with Bun.udpSocket; see `Runtime.bindUdp`. */
export function bunBindUdp(options: UdpOptions, handler: DatagramHandler): Promise<UdpSocket> {
  return openUdp(
    options,
    (ip) => BunUdp.open(ip, options, handler),
    (ip, port) => BunConnectedUdp.open(ip, port, options, handler),
  );
}

function flags({ reusePort = false }: UdpOptions): number {
  return reusePort ? REUSE_PORT : 0;
}

/** What both kinds of sockets do with their events. A closed one's handler hears nothing any more. */
abstract class BunDatagrams {
  protected closed = false;
  protected readonly handler: DatagramHandler;

  constructor(handler: DatagramHandler) {
    this.handler = handler;
  }

  protected deliver(bytes: Uint8Array, from: Address): void {
    if (this.closed) return;
    try {
      this.handler.datagram(bytes, from);
    } catch (error) {
      reportUncaught(error);
    }
  }

  protected report(error: Error): void {
    if (this.closed) return;
    try {
      this.handler.error(error);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }
}

class BunUdp extends BunDatagrams implements UdpSocket {
  local!: Address;
  private socket!: Socket;
  private ipv6 = false;

  static async open(ip: string, options: UdpOptions, handler: DatagramHandler): Promise<BunUdp> {
    const self = new BunUdp(handler);
    // The types don't know `flags`.
    const how = {
      hostname: ip,
      port: options.port,
      flags: flags(options),
      binaryType: "uint8array" as const,
      socket: {
        data: (_socket: Socket, bytes: Uint8Array, port: number, host: string) =>
          self.deliver(bytes, new UdpPeer(host, port)),
        error: (...said: unknown[]) => self.report(errorIn(said)),
      },
    };
    self.socket = await Bun.udpSocket(how as udp.SocketOptions<"uint8array">);
    self.local = localOf(self.socket);
    self.ipv6 = ip.includes(":");
    return self;
  }

  send(bytes: Uint8Array, to: Address): boolean {
    if (this.closed || bytes.length > MAX_DATAGRAM) return false;
    const host = sendingHost(to, this.ipv6);
    try {
      return this.socket.send(bytes, to.port, host);
    } catch {
      return this.sendAgain(bytes, to.port, host);
    }
  }

  /**
   * Linux tells of a datagram that couldn't be delivered at the next `send`, to whomever that goes,
   * and then hasn't sent it: a client that went away must not cost another its datagrams.
   */
  private sendAgain(bytes: Uint8Array, port: number, host: string): boolean {
    try {
      return this.socket.send(bytes, port, host);
    } catch {
      // One peer that can't be reached is nothing that the socket suffers from.
      return false;
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.close();
  }
}

class BunConnectedUdp extends BunDatagrams implements UdpSocket {
  local!: Address;
  private socket!: ConnectedSocket;
  private readonly peer: Address;

  constructor(handler: DatagramHandler, peer: Address) {
    super(handler);
    this.peer = peer;
  }

  static async open(
    ip: string,
    port: number,
    options: UdpOptions,
    handler: DatagramHandler,
  ): Promise<BunConnectedUdp> {
    const self = new BunConnectedUdp(handler, { ip: canonicalIp(ip), port });
    const how = {
      // Left to itself, the socket is for IPv4 whatever it is to connect to.
      hostname: options.hostname || (ip.includes(":") ? "::" : "0.0.0.0"),
      port: options.port,
      flags: flags(options),
      connect: { hostname: ip, port },
      binaryType: "uint8array" as const,
      socket: {
        data: (_socket: ConnectedSocket, bytes: Uint8Array) => self.deliver(bytes, self.peer),
        error: (...said: unknown[]) => self.report(errorIn(said)),
      },
    };
    // The types know `flags` no more than that `connect` makes it another kind of socket.
    self.socket = (await Bun.udpSocket(how)) as unknown as ConnectedSocket;
    self.local = localOf(self.socket);
    return self;
  }

  send(bytes: Uint8Array): boolean {
    if (this.closed || bytes.length > MAX_DATAGRAM) return false;
    try {
      return this.socket.send(bytes);
    } catch (error) {
      // What an earlier datagram met with may be told here. Never from within `send`.
      if (codeOf(error) !== "EMSGSIZE") queueMicrotask(() => this.report(error as Error));
      return false;
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.close();
  }
}

/** The types promise the socket before the error; Bun 1.4.5 gives the error alone. */
function errorIn(said: readonly unknown[]): Error {
  const error = said.at(-1);
  return error instanceof Error ? error : new Error(String(error));
}

function localOf(socket: Socket | ConnectedSocket): Address {
  const { address, port } = socket.address;
  return { ip: canonicalIp(address), port };
}
