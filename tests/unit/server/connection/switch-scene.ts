import { latin1Bytes } from "../../../../src/core/bytes.ts";
import { Deadlines } from "../../../../src/core/timers.ts";
import type { Connection } from "../../../../src/net/connection.ts";
import type { Dial, HandshakeHandler, Runtime } from "../../../../src/net/runtime.ts";
import type { AcceptedConnection } from "../../../../src/net/tcp-handler.ts";
import { compileTcp, TcpMux, type TcpTls } from "../../../../src/routers/tcp-mux.ts";
import { TlsHosts } from "../../../../src/routers/tls-hosts.ts";
import { ConnectionSwitch } from "../../../../src/server/connection/connection-switch.ts";
import { EntryPoint } from "../../../../src/server/entry-point/entry-point.ts";
import type { TlsManager } from "../../../../src/tls/tls-manager.ts";
import { FakeConnection } from "../../net/fake-connection.ts";
import { hello, protocols, serverNames } from "../../net/make-client-hello.ts";

const PASS: TcpTls = { passthrough: true, options: "default" };
const END: TcpTls = { passthrough: false, options: "tcp@file" };

export interface Given {
  /** Rules of TCP routers by their name, without TLS. */
  plain?: Record<string, string>;
  /** Rules of TCP routers with TLS, passed through or terminated. */
  through?: Record<string, string>;
  ended?: Record<string, string>;
  /** Hosts of one HTTPS router; [] for one without any. */
  https?: string[];
  /** Trusted addresses of the PROXY protocol. */
  proxyProtocol?: string[];
}

/** An entrypoint without a listener: who gets a connection, and with which bytes. */
export class Scene {
  readonly deadlines = new Deadlines();
  readonly logs: string[] = [];
  readonly entry: EntryPoint;
  /** Connections that TCP routers got, with their router's name. */
  readonly served: (AcceptedConnection & { router: string })[] = [];
  /** Handshakes that were begun. */
  readonly handshakes: {
    options: string;
    early: Uint8Array;
    handler: HandshakeHandler;
    cancelled: boolean;
  }[] = [];
  httpRequests = 0;

  constructor({ plain, through, ended, https, proxyProtocol }: Given) {
    const handshakes = this.handshakes;
    const runtime = {
      startTls(
        _: Connection,
        context: unknown,
        early: Uint8Array,
        handler: HandshakeHandler,
      ): Dial {
        const { options } = context as { options: string };
        const handshake = { options, early, handler, cancelled: false };
        handshakes.push(handshake);
        return { cancel: () => void (handshake.cancelled = true) };
      },
    };
    const debug = (_: string, fields?: Record<string, unknown>) =>
      void this.logs.push(String(fields?.["reason"]));
    this.entry = new EntryPoint(
      {
        ...({} as EntryPoint["options"]),
        name: "web",
        readTimeout: 60_000,
        writeTimeout: 0,
        idleTimeout: 0,
        keepAliveMaxTime: 0,
        keepAliveMaxRequests: 0,
        maxHeaderBytes: 1 << 20,
        maxConcurrentStreams: 250,
        proxyProtocol:
          proxyProtocol === undefined ? undefined : { insecure: false, trustedIPs: proxyProtocol },
      },
      runtime as unknown as Runtime,
      this.deadlines,
      { debug, error() {} },
    );
    this.entry.handler = () => {
      this.httpRequests++;
      return new Response("web");
    };
    const hosts = https === undefined ? [] : [{ name: "h", hosts: https, options: "http@file" }];
    this.entry.routes = {
      tcp: this.mux(plain, null),
      tcpTls: new TcpMux([...this.routes(through, PASS), ...this.routes(ended, END)]),
      hosts: new TlsHosts(hosts),
      tls: {
        choose: (options: string) =>
          options === "broken@file" ? { refused: "broken options" } : { options },
        optionsFor: () => ({ clientAuth: "none" }),
      } as unknown as TlsManager,
    };
  }

  private mux(rules: Record<string, string> | undefined, tls: TcpTls | null): TcpMux {
    return new TcpMux(this.routes(rules, tls));
  }

  private routes(rules: Record<string, string> = {}, tls: TcpTls | null) {
    return Object.entries(rules).map(([name, rule]) => ({
      name,
      rule: compileTcp(rule),
      priority: undefined,
      providerRank: 0,
      tls,
      handler: (accepted: AcceptedConnection) => {
        accepted.connection.handler = { data() {}, drain() {}, end() {}, close() {} };
        this.served.push(Object.assign(accepted, { router: name }));
      },
    }));
  }

  /** A client who connects and sends these, each on its own. */
  connect(...chunks: Uint8Array[]): FakeConnection {
    const connection = new FakeConnection();
    connection.handler = new ConnectionSwitch(connection, this.entry).begin();
    for (const chunk of chunks) connection.handler.data(chunk.slice());
    return connection;
  }

  /** Who has the connection: "tcp NAME", "tls OPTIONS", "http", "closed", or none yet. */
  who(connection: FakeConnection): string {
    if (this.served.length > 0) return `tcp ${this.served[0].router}`;
    if (this.handshakes.length > 0) return `tls ${this.handshakes[0].options}`;
    if (connection.closed) return "closed";
    return connection.handler instanceof ConnectionSwitch ? "nobody" : "http";
  }
}

/** Who gets a connection that sends these, each on its own. */
export function who(given: Given, ...chunks: Uint8Array[]): string {
  const scene = new Scene(given);
  return scene.who(scene.connect(...chunks));
}

export const ALL = "HostSNI(`*`)";
export const named = (name: string, ...alpn: string[]) =>
  hello({
    extensions: [
      ...(name === "" ? [] : [serverNames(name)]),
      ...(alpn.length === 0 ? [] : [protocols(...alpn)]),
    ],
  });
export const GET = latin1Bytes("GET / HTTP/1.1\r\nhost: a.test\r\n\r\n");
export const STARTTLS = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);
