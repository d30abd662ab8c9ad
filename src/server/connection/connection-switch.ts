import { concatBytes } from "../../core/bytes.ts";
import { messageOf } from "../../core/errors.ts";
import type { Expiring } from "../../core/timers.ts";
import { type ClientHello, ClientHelloParser } from "../../net/client-hello.ts";
import type { Address, Connection, ConnectionHandler } from "../../net/connection.ts";
import { classify, isForeignRequest, mayBecomeProxyHeader } from "../../net/peek.ts";
import { ProxyProtocolParser } from "../../net/proxy-protocol/proxy-protocol.ts";
import type { Dial, Runtime } from "../../net/runtime.ts";
import type { AcceptedConnection, TcpHandler } from "../../net/tcp-handler.ts";
import {
  ACME_TLS,
  type ChallengeCertificates,
} from "../../tls/challenges/challenge-certificates.ts";
import type { EntryPointRoutes } from "../entry-point/entry-point-routes.ts";
import type { HttpEntryPoint } from "../entry-point/http-entry-point.ts";
import { DRAIN_MOMENT } from "../exchange/exchange-endings.ts";
import { HandshakeTlsOptions } from "../exchange/handshake-tls-options.ts";
import { Http1Connection } from "../http1/http1-connection.ts";
import { Http2Connection } from "../http2/http2-connection.ts";
import { PostgresConnection, STARTTLS_ACCEPTED } from "./postgres-connection.ts";
import { ServedConnection } from "./served-connection.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);
/** What TLS begins with; PostgreSQL's request for TLS begins with 0. */
const TLS_HANDSHAKE = 0x16;
/**
 * A record with the fatal alert internal_error (RFC 8446 section 6.2): what Go, and with it Traefik,
 * sends where it has no certificate for a ClientHello, sniStrict included.
 */
const INTERNAL_ERROR = Uint8Array.of(0x15, 3, 3, 0, 2, 2, 80);
/** The same with unrecognized_name, which Traefik sends where no challenge is under way for a name. */
const UNRECOGNIZED_NAME = Uint8Array.of(0x15, 3, 3, 0, 2, 2, 112);
/** The length of PostgreSQL's request for TLS. */
const STARTTLS_LENGTH = 8;

/** The entrypoint, as the switch of its connections asks things of it. */
export interface SwitchedEntryPoint extends HttpEntryPoint {
  /** Read afresh for every connection: a reload assigns others. */
  readonly routes: EntryPointRoutes;
  readonly readsProxyHeader: boolean;
  trustsProxyHeader(ip: string): boolean;
  /** Answers authorities that ask by TLS-ALPN-01; null where no resolver has such a challenge. */
  readonly challenges: ChallengeCertificates | null;
  /** Routers see those connections before (Traefik's allowACMEByPass). */
  readonly passesChallenges: boolean;
  readonly startTls: Runtime["startTls"];
}

/**
 * Looks at a connection's first bytes, decides who serves it and hands all of them on: first the
 * PROXY protocol header where the entrypoint reads one, then the protocol itself. On TLS the
 * ClientHello decides, in Traefik's order: an HTTPS router's host, a TCP router's, HTTPS routers
 * without a host, TCP routers for all hosts, and at last HTTPS with the default options, which
 * answers 404. Source: Traefik's pkg/server/router/tcp/router.go (ServeTCP).
 */
export class ConnectionSwitch implements ConnectionHandler, Expiring {
  deadline = 0;
  private readonly connection: Connection;
  private readonly entry: SwitchedEntryPoint;
  private readonly trusted: boolean;
  private proxyHeader: ProxyProtocolParser | null;
  private remote: Address;
  private local: Address;
  private seen: Uint8Array = NO_BYTES;
  private hello: ClientHelloParser | null = null;
  /** PostgreSQL's request for TLS has been answered. */
  private postgres = false;
  private handshake: Dial | null = null;

  constructor(connection: Connection, entry: SwitchedEntryPoint) {
    this.connection = connection;
    this.entry = entry;
    this.remote = connection.remote;
    this.local = connection.local;
    this.trusted = entry.trustsProxyHeader(connection.remote.ip);
    this.proxyHeader = entry.readsProxyHeader ? new ProxyProtocolParser() : null;
    entry.deadlines.add(this);
    this.deadline = entry.deadlines.after(entry.readTimeout);
    entry.connections.add(this);
  }

  /** Who gets the connection's bytes: this, unless it is known already who serves whatever comes. */
  begin(): ConnectionHandler {
    if (this.proxyHeader !== null || !this.serveUnseen()) return this;
    return this.connection.handler;
  }

  data(chunk: Uint8Array): void {
    if (this.hello !== null) {
      this.readHello(this.hello, chunk);
      return;
    }
    let bytes = this.seen.length === 0 ? chunk : concatBytes([this.seen, chunk]);
    this.seen = NO_BYTES;
    if (this.proxyHeader !== null) {
      const rest = this.readProxyHeader(bytes);
      if (rest === null) return;
      bytes = rest;
      if (this.serveUnseen(bytes) || bytes.length === 0) return;
    }
    this.readProtocol(bytes);
  }

  /** The bytes behind the header; null while it isn't complete, or the connection was refused. */
  private readProxyHeader(bytes: Uint8Array): Uint8Array | null {
    const kind = classify(bytes, bytes.length);
    if (kind === "more" && mayBecomeProxyHeader(bytes, bytes.length)) {
      this.seen = bytes;
      return null;
    }
    if (kind !== "proxy-protocol-v1" && kind !== "proxy-protocol-v2") {
      this.proxyHeader = null;
      return bytes;
    }
    try {
      const result = this.proxyHeader!.parse(bytes);
      if (!result.done) {
        this.seen = bytes;
        return null;
      }
      // From a peer that isn't trusted the header is read past and not believed, as in Traefik.
      if (this.trusted && result.source !== null && result.destination !== null) {
        this.remote = result.source;
        this.local = result.destination;
      }
      this.proxyHeader = null;
      return bytes.subarray(result.consumed);
    } catch (error) {
      this.refuse(`a malformed PROXY protocol header: ${messageOf(error)}`);
      return null;
    }
  }

  /**
   * Where there are but plain TCP routers nothing needs to be seen to find one, and nothing may come
   * either: there are protocols in which the server speaks first. True where one has taken over.
   */
  private serveUnseen(early = NO_BYTES): boolean {
    const { tcp, tcpTls, hosts } = this.entry.routes;
    if (tcp.size === 0 || tcpTls.size > 0 || !hosts.empty) return false;
    const route = tcp.match({ serverName: "", alpn: [], ip: this.remote.ip });
    if (route === null) return false;
    this.serveTcp(route.handler, this.connection, early);
    return true;
  }

  private readProtocol(bytes: Uint8Array): void {
    switch (classify(bytes, bytes.length)) {
      case "more":
        // Who may speak neither TLS nor PostgreSQL speaks what a TCP router's server is there for,
        // and may wait for an answer now.
        if (bytes[0] === TLS_HANDSHAKE || bytes[0] === 0 || !this.servePlainTcp(bytes))
          this.seen = bytes;
        return;
      case "tls":
        this.hello = new ClientHelloParser();
        this.readHello(this.hello, bytes);
        return;
      case "postgres-starttls":
        this.acceptStartTls(bytes);
        return;
      case "proxy-protocol-v1":
      case "proxy-protocol-v2":
        if (this.servePlainTcp(bytes)) return;
        this.refuse("a PROXY protocol header on an entrypoint without proxyProtocol");
        return;
      case "http2-preface":
        if (!this.servePlainTcp(bytes)) this.serveHttp2(bytes);
        return;
      default:
        if (this.servePlainTcp(bytes)) return;
        if (isForeignRequest(bytes)) this.refuse("a protocol that is neither HTTP nor TLS");
        else this.serveHttp1(bytes);
    }
  }

  private servePlainTcp(bytes: Uint8Array): boolean {
    const { tcp } = this.entry.routes;
    if (tcp.size === 0) return false;
    const route = tcp.match({ serverName: "", alpn: [], ip: this.remote.ip });
    if (route !== null) this.serveTcp(route.handler, this.connection, bytes);
    return route !== null;
  }

  // --- TLS ---

  private acceptStartTls(bytes: Uint8Array): void {
    if (this.connection.write(Uint8Array.of(STARTTLS_ACCEPTED)) !== 1) {
      this.refuse("a PostgreSQL client that takes no answer");
      return;
    }
    this.postgres = true;
    this.hello = new ClientHelloParser();
    const rest = bytes.subarray(STARTTLS_LENGTH);
    if (rest.length > 0) this.readHello(this.hello, rest);
  }

  private readHello(parser: ClientHelloParser, chunk: Uint8Array): void {
    let hello: ClientHello | null;
    try {
      hello = parser.push(chunk);
    } catch (error) {
      this.refuse(`a malformed TLS ClientHello: ${messageOf(error)}`);
      return;
    }
    if (hello !== null) this.route(hello, parser.received);
  }

  private route(hello: ClientHello, bytes: Uint8Array): void {
    const { tcpTls, hosts } = this.entry.routes;
    const { serverName, alpn } = hello;
    if (!this.entry.passesChallenges && this.isChallenge(hello)) {
      this.answerChallenge(hello, bytes);
      return;
    }
    const https = this.postgres ? null : hosts.find(serverName);
    if (https !== null && !https.catchAll) {
      this.terminate(hello, bytes, https.options, null);
      return;
    }
    const tcp = tcpTls.size === 0 ? null : tcpTls.match({ serverName, alpn, ip: this.remote.ip });
    if (tcp === null || (tcp.catchAll && https !== null)) {
      if (this.postgres) this.refuse(`PostgreSQL with TLS for "${serverName}", without a router`);
      else this.terminate(hello, bytes, https?.options ?? "default", null);
    } else if (tcp.tls === null || tcp.tls.passthrough) {
      if (this.postgres) this.passPostgresThrough(tcp.handler, bytes);
      else this.serveTcp(tcp.handler, this.connection, bytes);
    } else {
      this.terminate(hello, bytes, tcp.tls.options, tcp.handler);
    }
  }

  private passPostgresThrough(handler: TcpHandler, bytes: Uint8Array): void {
    const request = Uint8Array.of(0, 0, 0, STARTTLS_LENGTH, 0x04, 0xd2, 0x16, 0x2f);
    this.serveTcp(handler, new PostgresConnection(this.connection, bytes), request);
  }

  /** Shakes hands; then the TCP router's handler has the connection, or HTTP where that is null. */
  private terminate(
    hello: ClientHello,
    bytes: Uint8Array,
    options: string,
    handler: TcpHandler | null,
  ): void {
    const { entry } = this;
    if (this.isChallenge(hello)) {
      this.answerChallenge(hello, bytes);
      return;
    }
    const context = entry.routes.tls.choose(options, hello.serverName, this.local.ip);
    if ("refused" in context) {
      this.connection.write(INTERNAL_ERROR);
      this.refuse(context.refused);
      return;
    }
    const used = new HandshakeTlsOptions(options, () => entry.routes.tls);
    this.handshake = entry.startTls(this.connection, context, bytes, {
      secured: (connection) => {
        this.handshake = null;
        if (handler !== null) {
          this.serveTcp(handler, connection, NO_BYTES);
          return connection.handler;
        }
        this.leave();
        return connection.tls?.alpn === "h2"
          ? new Http2Connection(connection, entry, this.remote, this.local, used)
          : new Http1Connection(connection, entry, this.remote, this.local, used);
      },
      failed: (error) => {
        this.handshake = null;
        this.log(`the TLS handshake failed: ${messageOf(error)}`);
        this.leave();
      },
    });
  }

  private isChallenge({ alpn }: ClientHello): boolean {
    return this.entry.challenges !== null && !this.postgres && alpn.includes(ACME_TLS);
  }

  /** Shows the challenge's certificate. The authority wants no more of the connection, and gets no more. */
  private answerChallenge({ serverName }: ClientHello, bytes: Uint8Array): void {
    const { entry } = this;
    const context = entry.challenges!.choose(serverName);
    if (context === undefined) {
      this.connection.write(UNRECOGNIZED_NAME);
      this.refuse(`no ACME challenge is under way for "${serverName}"`);
      return;
    }
    this.handshake = entry.startTls(this.connection, context, bytes, {
      secured: (connection) => {
        this.handshake = null;
        this.leave();
        connection.close();
        return connection.handler;
      },
      failed: (error) => {
        this.handshake = null;
        this.log(`the TLS handshake of an ACME challenge failed: ${messageOf(error)}`);
        this.leave();
      },
    });
  }

  // --- handing over ---

  private serveHttp1(bytes: Uint8Array): void {
    this.leave();
    const connection = new Http1Connection(this.connection, this.entry, this.remote, this.local);
    this.connection.handler = connection;
    connection.data(bytes);
  }

  private serveHttp2(bytes: Uint8Array): void {
    this.leave();
    const connection = new Http2Connection(this.connection, this.entry, this.remote, this.local);
    this.connection.handler = connection;
    connection.data(bytes);
  }

  private serveTcp(handler: TcpHandler, connection: Connection, early: Uint8Array): void {
    this.leave();
    const accepted: AcceptedConnection = new ServedConnection(
      this.entry,
      connection,
      early,
      this.remote,
      this.local,
    );
    handler(accepted);
  }

  // --- the end without a server ---

  private refuse(reason: string): void {
    this.log(reason);
    this.leave();
    this.connection.close();
  }

  private log(reason: string): void {
    this.entry.logger.debug("Closed a connection", {
      entryPointName: this.entry.name,
      remote: this.remote.ip,
      reason,
    });
  }

  private leave(): void {
    this.entry.deadlines.remove(this);
    this.entry.connections.delete(this);
  }

  drain(): void {}

  end(): void {
    this.leave();
    this.connection.close();
  }

  close(): void {
    this.leave();
  }

  expired(): void {
    if (this.proxyHeader !== null && this.seen.length === 0) {
      // No header comes from a client who waits for the server to speak: Traefik goes on without.
      this.proxyHeader = null;
      if (this.serveUnseen()) return;
    }
    if (this.handshake === null) {
      this.refuse("nothing to decide on within the readTimeout");
      return;
    }
    this.log("no TLS handshake within the readTimeout");
    this.cutConnection();
  }

  drainConnection(): void {
    // A client in the middle of a handshake may go on; its first request is its last.
    if (this.handshake === null) this.deadline = this.entry.deadlines.after(DRAIN_MOMENT);
  }

  cutConnection(): void {
    this.leave();
    this.handshake?.cancel();
    this.connection.reset();
  }
}
