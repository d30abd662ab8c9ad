import type { Address } from "../connection.ts";

/** What a session's client sends is given to. The methods must not throw. */
export interface UdpReceiver {
  /** One datagram, whole. The array is the receiver's to keep. */
  received(bytes: Uint8Array): void;
  /** The session is over. Called once, whichever side ended it. */
  closed(): void;
}

/** All that one client, told by its address and port, exchanges with an entrypoint until it falls silent. */
export interface UdpSession {
  readonly remote: Address;
  readonly entryPoint: string;
  /** Answers the client, from the entrypoint's address. */
  send(bytes: Uint8Array): void;
  /** Ends the session: the client's next datagram begins another one. */
  close(): void;
}

/**
 * Takes a session over and returns who gets the client's datagrams; null where no service can, and the
 * session never was. Must not throw, and closes no session before it has returned.
 */
export type UdpHandler = (session: UdpSession) => UdpReceiver | null;
