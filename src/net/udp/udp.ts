import type { Address } from "../connection.ts";

/** What a socket's datagrams are given to, until it is closed. The methods must not throw. */
export interface DatagramHandler {
  /** One datagram, whole. The array is the handler's to keep. */
  datagram(bytes: Uint8Array, from: Address): void;
  /** The system reports a failure, such as a refused port of a connected socket. The socket stays open. */
  error(error: Error): void;
}

/** A bound UDP socket. */
export interface UdpSocket {
  readonly local: Address;
  /**
   * Sends one datagram of up to 65,507 bytes, or drops it where the system takes no more now: UDP
   * promises nothing. False where it was dropped. The array is the caller's again at once. An answer
   * goes to the very object that `datagram` was given: it may know more than `Address` shows, such
   * as a link-local address's zone.
   */
  send(bytes: Uint8Array, to: Address): boolean;
  close(): void;
}

export interface UdpOptions {
  /** Empty for all addresses, IPv6 and IPv4. */
  readonly hostname: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Several processes share the port (SO_REUSEPORT). */
  readonly reusePort?: boolean;
  /** Only this peer's datagrams are taken; `send` goes to it. A name or an address. */
  readonly connect?: { readonly hostname: string; readonly port: number };
}
