import type { Address } from "./connection.ts";
import type { KeyPair, TlsInfo } from "./tls.ts";

/**
 * A head or a trailer section: names and values in the order of arrival, pseudo-header fields
 * (`:method`, `:status`) among them. Names are in lower case, values are Latin-1.
 */
export type Http3Fields = (readonly [name: string, value: string])[];

/** Error codes of HTTP/3 (RFC 9114 section 8.1). */
export const Http3Error = {
  noError: 0x100,
  internalError: 0x102,
  excessiveLoad: 0x107,
  requestRejected: 0x10b,
  requestCancelled: 0x10c,
  messageError: 0x10e,
} as const;
export type Http3Error = (typeof Http3Error)[keyof typeof Http3Error];

/** What a server shows its clients. */
export interface Http3Certificates {
  /** For clients that name no server, or one that no other certificate is for. */
  readonly fallback: KeyPair;
  /** By names in lower case; `*.x` stands for one label before `.x`, and an exact name comes before it. */
  readonly named: ReadonlyMap<string, KeyPair>;
}

export interface Http3Options {
  /** Empty for all addresses, IPv6 and IPv4. */
  readonly hostname: string;
  /** Of UDP; 0 lets the system choose. */
  readonly port: number;
  readonly certificates: Http3Certificates;
  /** Requests that a client may have open on a connection. */
  readonly maxConcurrentStreams: number;
  /** Of a connection on which nothing happens, in milliseconds; 0 for as long as the runtime allows. */
  readonly idleTimeout: number;
}

/** Why no entrypoint serves a connection. */
export interface Http3Refusal {
  readonly refused: string;
}

/**
 * Hears of connections whose handshake is over. Heads are for the handler to check: the runtime may end
 * the connection for a large one, but gives all of a head or nothing.
 */
export interface Http3Handler {
  /** Returns who serves the requests on it. A refused connection ends with an alert and the reason. */
  connected(connection: Http3Connection): Http3ConnectionHandler | Http3Refusal;
}

export interface Http3Connection {
  readonly remote: Address;
  readonly local: Address;
  readonly tls: TlsInfo;
  /** Takes no more requests (GOAWAY) and closes behind those that are there. */
  drain(): void;
  /** Closes at once, whatever is under way. */
  cut(code?: Http3Error): void;
}

/** Who serves a connection. The methods must not throw. */
export interface Http3ConnectionHandler {
  /** A request. Returns who gets the rest of it, which comes later, never before this returns. */
  request(stream: Http3Stream, head: Http3Fields): Http3StreamHandler;
  /** The connection is over; its streams have heard it before. */
  closed(): void;
}

/** Who hears of one request. The methods must not throw. */
export interface Http3StreamHandler {
  /** A piece of the body, never empty. The array is the handler's to keep. Not called while paused. */
  data(bytes: Uint8Array): void;
  /** The pieces that were there have all been given. */
  flush(): void;
  /** The request is complete. Not called while paused. */
  end(trailers: Http3Fields | null): void;
  /**
   * So much of the body waits, because of `pause`, that the runtime keeps no more of it: nothing else
   * of the request comes. The response goes on.
   */
  overflow(): void;
  /** The stream takes bytes again, after a `write` that said it was full. */
  drain(): void;
  /** Called once and last: both sides are done, or either gave up; `error` says what is known of that. */
  close(error?: Error): void;
}

/** One request and its response. All methods do nothing once the stream is over. */
export interface Http3Stream {
  /**
   * A head; an interim one (status below 200) may come before it. `end`: nothing follows. False: it has
   * more fields than the runtime can send, and nothing was sent.
   */
  sendHead(fields: Http3Fields, end: boolean): boolean;
  /** Takes all of `bytes[start, end)`, as a copy. False: it is full, no more before `drain`. */
  write(bytes: Uint8Array, start: number, end: number): boolean;
  /** Ends the response behind all that was written. False: not, as these are more trailers than the runtime can send. */
  end(trailers: Http3Fields | null): boolean;
  pause(): void;
  resume(): void;
  /** The handler wants no more of the request (STOP_SENDING); the response goes on. */
  stopReading(): void;
  /** Ends both directions without a clean end. */
  reset(code: Http3Error): void;
}

/** A UDP port that takes HTTP/3 connections. */
export interface Http3Listener {
  readonly address: Address;
  /** For handshakes from now on; connections live on. */
  update(certificates: Http3Certificates): void;
  /** Takes no more connections. Those that are there live on, and with them the port. */
  stop(): void;
  /** Closes the port and every connection. */
  close(): void;
}
