import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { canonicalIp } from "../../../src/net/address.ts";
import type { Address } from "../../../src/net/connection.ts";
import type { DatagramHandler, UdpOptions, UdpSocket } from "../../../src/net/udp/udp.ts";
import { reportUncaught } from "../uncaught.ts";
import { openUdp } from "./open-udp.ts";
import { MAX_DATAGRAM, sendingHost, UdpPeer } from "./udp-addresses.ts";

/** Datagrams that may wait for the system to take them; more are dropped. */
const MAX_WAITING = 64;

/** Binds with node:dgram; see `Runtime.bindUdp`. */
export function nodeBindUdp(options: UdpOptions, handler: DatagramHandler): Promise<UdpSocket> {
  return openUdp(
    options,
    (ip) => bind(ip, options, handler, null),
    (ip, port) => {
      const any = isIPv6(ip) ? "::" : "0.0.0.0";
      return bind(options.hostname || any, options, handler, new UdpPeer(ip, port));
    },
  );
}

function bind(
  ip: string,
  { port, reusePort = false }: UdpOptions,
  handler: DatagramHandler,
  peer: UdpPeer | null,
): Promise<UdpSocket> {
  const ipv6 = isIPv6(ip);
  // Where several can't share the port, as on Deno 2.9, the second one fails: nothing gets lost silently.
  const socket = createSocket({ type: ipv6 ? "udp6" : "udp4", reusePort });
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.close();
      reject(error);
    };
    socket.once("error", failed);
    socket.bind({ address: ip, port, exclusive: true }, () => {
      socket.off("error", failed);
      resolve(new NodeUdp(socket, handler, peer, ipv6));
    });
  });
}

/**
 * A socket of node:dgram. The peer of a connected one is checked here and not left to `connect`,
 * because Deno 2.9 lets strangers' datagrams through all the same.
 */
class NodeUdp implements UdpSocket {
  readonly local: Address;
  private readonly socket: Socket;
  private readonly handler: DatagramHandler;
  private readonly peer: UdpPeer | null;
  private readonly ipv6: boolean;
  /** The first is on its way. One at a time: Deno 2.9 sends several in the opposite order. */
  private readonly waiting: { bytes: Uint8Array; port: number; host: string }[] = [];
  private closed = false;

  constructor(socket: Socket, handler: DatagramHandler, peer: UdpPeer | null, ipv6: boolean) {
    const { address, port } = socket.address();
    this.local = { ip: canonicalIp(address), port };
    this.socket = socket;
    this.handler = handler;
    this.peer = peer;
    this.ipv6 = ipv6;
    socket.on("message", (bytes, from) => this.received(bytes, from));
    socket.on("error", (error) => this.report(error));
  }

  send(bytes: Uint8Array, to: Address): boolean {
    if (this.closed || bytes.length > MAX_DATAGRAM || this.waiting.length >= MAX_WAITING)
      return false;
    const { peer } = this;
    const port = peer === null ? to.port : peer.port;
    const host = peer === null ? sendingHost(to, this.ipv6) : peer.host;
    // A copy, because the system takes it later.
    this.waiting.push({ bytes: new Uint8Array(bytes), port, host });
    if (this.waiting.length === 1) this.sendNext();
    return true;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.socket.close();
  }

  private sendNext(): void {
    const { bytes, port, host } = this.waiting[0];
    try {
      this.socket.send(bytes, port, host, this.sent);
    } catch (error) {
      queueMicrotask(() => this.sent(error as Error));
    }
  }

  private readonly sent = (error: Error | null): void => {
    this.waiting.shift();
    // One of many peers that can't be reached is nothing that the socket suffers from.
    if (error instanceof Error && this.peer !== null) this.report(error);
    if (!this.closed && this.waiting.length > 0) this.sendNext();
  };

  private received(bytes: Uint8Array, { address, port }: RemoteInfo): void {
    if (this.closed) return;
    const { peer } = this;
    const from = new UdpPeer(address, port);
    if (peer !== null && (from.port !== peer.port || from.ip !== peer.ip)) return;
    try {
      // A copy, because a small datagram comes in a buffer of 64 KiB.
      this.handler.datagram(new Uint8Array(bytes), from);
    } catch (error) {
      reportUncaught(error);
    }
  }

  private report(error: Error): void {
    if (this.closed) return;
    try {
      this.handler.error(error);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }
}
