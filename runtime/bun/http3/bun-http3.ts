import { createPrivateKey } from "node:crypto";
import { constants } from "node:os";
import type {
  QuicEndpoint,
  QuicSession,
  QuicStream,
  SessionHandshakeInfo,
  SNIEntry,
} from "node:quic";
import { messageOf } from "../../../src/core/errors.ts";
import { canonicalIp, formatAddress } from "../../../src/net/address.ts";
import type { Address } from "../../../src/net/connection.ts";
import {
  type Http3Certificates,
  type Http3Connection,
  type Http3ConnectionHandler,
  Http3Error,
  type Http3Handler,
  type Http3Listener,
  type Http3Options,
} from "../../../src/net/http3.ts";
import type { KeyPair, TlsInfo } from "../../../src/net/tls.ts";
import { codeOf, SystemError } from "../../node/system-error.ts";
import { reportUncaught } from "../../node/uncaught.ts";
import { ignoreUdpErrors, openSockets } from "../udp/udp-errors.ts";
import { http3Fields } from "./bun-http3-fields.ts";
import { BunHttp3Stream } from "./bun-http3-stream.ts";

/** Connections that a port has at most. */
const MAX_CONNECTIONS = 20_000;
/** What a client has for its handshake, in milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000;
/** Fields in a head. Bun leaves out what goes beyond it without a word, so there is room for the handler to see it. */
const MAX_FIELDS = 4096;
/**
 * With a limit Bun 1.4.5 leaves out each field that goes beyond it, without a word, and gives the rest to
 * the handler: a request could lose its credentials and go on. Without one lsquic's own holds, 64 KiB
 * for a head or a trailer section, and ends the connection; what is smaller is the handler's to check.
 */
const MAX_HEAD = 0;
/** The alert unrecognized_name as QUIC's error code (RFC 9001 section 4.8). */
const UNRECOGNIZED_NAME = 0x100 + 112;

/** Binds with node:quic, which Bun has on top of lsquic; see `Runtime.listenHttp3`. */
export async function bunListenHttp3(
  options: Http3Options,
  handler: Http3Handler,
): Promise<Http3Listener> {
  const { hostname, port } = options;
  try {
    if (hostname !== "") return await BunHttp3.open(hostname, options, handler);
    try {
      return await BunHttp3.open("::", options, handler);
    } catch (error) {
      const code = codeOf(error);
      if (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL") throw error;
      return await BunHttp3.open("0.0.0.0", options, handler);
    }
  } catch (error) {
    throw new SystemError("listen", hostname, port, error);
  }
}

class BunHttp3 implements Http3Listener {
  readonly address: Address;
  private readonly endpoint: QuicEndpoint;

  private constructor(endpoint: QuicEndpoint) {
    const { address = "", port = 0 } = endpoint.address ?? {};
    this.endpoint = endpoint;
    this.address = { ip: canonicalIp(address), port };
    endpoint.closed.catch(reportUncaught);
  }

  static async open(ip: string, options: Http3Options, handler: Http3Handler): Promise<BunHttp3> {
    const { listen } = await loadQuic();
    const before = openSockets();
    const endpoint = await listen((session) => new BunHttp3Connection(session, handler), {
      endpoint: {
        address: formatAddress({ ip, port: options.port }),
        maxConnectionsTotal: MAX_CONNECTIONS,
      },
      alpn: ["h3"],
      sni: identities(options.certificates),
      handshakeTimeout: HANDSHAKE_TIMEOUT,
      enableEarlyData: false,
      transportParams: {
        initialMaxStreamsBidi: options.maxConcurrentStreams,
        // Seconds. 0 would be none at all, and a client that vanished would stay for ever.
        maxIdleTimeout: Math.max(1, Math.ceil((options.idleTimeout || 600_000) / 1000)),
        maxDatagramFrameSize: 0,
      },
      application: {
        maxHeaderPairs: MAX_FIELDS,
        maxHeaderLength: MAX_HEAD,
        // Nothing that a client could name time and again.
        qpackMaxDTableCapacity: 0,
        qpackBlockedStreams: 0,
      },
      onstream: silence,
      onheaders: startRequest,
    });
    // A port that can't be bound gives an endpoint that is over, not an error.
    if (endpoint.address === undefined) throw await bindError(endpoint);
    try {
      ignoreUdpErrors(before, endpoint.address.port);
    } catch (error) {
      endpoint.destroy();
      throw error;
    }
    return new BunHttp3(endpoint);
  }

  update(certificates: Http3Certificates): void {
    this.endpoint.setSNIContexts(identities(certificates), { replace: true });
  }

  stop(): void {
    void this.endpoint.close();
  }

  close(): void {
    this.endpoint.destroy();
  }
}

/** Why the port of an endpoint couldn't be bound, with the system's code: the number stands in the message. */
async function bindError(endpoint: QuicEndpoint): Promise<unknown> {
  try {
    await endpoint.closed;
  } catch (error) {
    const number = Number(/\((\d+)\)/.exec(messageOf(error))?.[1]);
    const found = Object.entries(constants.errno).find(([, errno]) => errno === number);
    return found === undefined ? error : Object.assign(new Error(found[0]), { code: found[0] });
  }
  return new Error("the endpoint is closed");
}

/** Node's module says on standard error that it is experimental, which no user there can act on. */
async function loadQuic(): Promise<typeof import("node:quic")> {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return await import("node:quic");
  } finally {
    process.emitWarning = emitWarning;
  }
}

function identities({ fallback, named }: Http3Certificates): Record<string, SNIEntry> {
  const entries: Record<string, SNIEntry> = { "*": identity(fallback) };
  for (const [name, keyPair] of named) entries[name] = identity(keyPair);
  return entries;
}

function identity({ certificate, privateKey }: KeyPair): SNIEntry {
  // Nothing is said of the names in ORIGIN frames: which requests are served is for routers to say.
  return {
    keys: [createPrivateKey(privateKey)],
    certs: [Buffer.from(certificate)],
    authoritative: false,
  };
}

const connections = new WeakMap<QuicSession, BunHttp3Connection>();

class BunHttp3Connection implements Http3Connection {
  remote!: Address;
  local!: Address;
  tls!: TlsInfo;
  private readonly session: QuicSession;
  private readonly handler: Http3Handler;
  /** Null before the handshake is over, and where it was refused. */
  private server: Http3ConnectionHandler | null = null;
  private over = false;

  constructor(session: QuicSession, handler: Http3Handler) {
    this.session = session;
    this.handler = handler;
    connections.set(session, this);
    session.onhandshake = (info) => this.shaken(info);
    session.opened.catch(ignore);
    const closed = () => this.closed();
    session.closed.then(closed, closed);
  }

  private shaken(info: SessionHandshakeInfo): void {
    this.remote = { ip: canonicalIp(info.remote.address), port: info.remote.port };
    this.local = { ip: canonicalIp(info.local.address), port: info.local.port };
    this.tls = {
      version: "1.3",
      cipher: info.cipher,
      // Undefined where the client sent none, whatever the types say.
      serverName: (info.servername ?? "").toLowerCase(),
      alpn: info.protocol,
      peerCertificate: null,
      peerChain: [],
    };
    try {
      const result = this.handler.connected(this);
      if ("refused" in result) this.refuse(result.refused);
      else this.server = result;
    } catch (error) {
      reportUncaught(error);
      this.cut();
    }
  }

  private refuse(reason: string): void {
    const code = BigInt(UNRECOGNIZED_NAME);
    this.session.destroy(undefined, { code, type: "transport", reason });
  }

  request(stream: QuicStream): void {
    if (this.server === null || this.over) {
      stream.destroy();
      return;
    }
    try {
      const adapter = new BunHttp3Stream(stream);
      adapter.start(this.server.request(adapter, http3Fields(stream.headers)));
    } catch (error) {
      reportUncaught(error);
      stream.destroy();
    }
  }

  drain(): void {
    if (!this.over) this.session.close().catch(ignore);
  }

  cut(code: Http3Error = Http3Error.noError): void {
    if (this.over) return;
    this.session.destroy(undefined, { code: BigInt(code), type: "application" });
  }

  private closed(): void {
    if (this.over) return;
    this.over = true;
    // Its streams hear of it in microtasks of this very moment.
    setTimeout(() => {
      try {
        this.server?.closed();
      } catch (error) {
        reportUncaught(error);
      }
    }, 0);
  }
}

/** What happens to a stream is heard by its server; one without a server ends unheard. */
function silence(stream: QuicStream): void {
  stream.closed.catch(ignore);
}

function startRequest(this: QuicStream): void {
  const connection = this.session && connections.get(this.session);
  if (connection) connection.request(this);
  else this.destroy();
}

function ignore(): void {}
