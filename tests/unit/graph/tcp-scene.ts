import type { z } from "zod";
import {
  tcpMiddlewareSchema,
  tcpServersTransportSchema,
  tcpServiceSchema,
} from "../../../src/config/dynamic/tcp.ts";
import { staticSchema } from "../../../src/config/static/schema.ts";
import { LocalCounters } from "../../../src/core/counters/counters.ts";
import { Deadlines } from "../../../src/core/timers.ts";
import { compileTcp, type TcpGraph } from "../../../src/graph/compile-tcp.ts";
import { stopGone } from "../../../src/graph/element-builder.ts";
import { Transports } from "../../../src/graph/transports.ts";
import { ActiveChecks } from "../../../src/health/active-checks.ts";
import type { ClientTlsOptions } from "../../../src/net/tls.ts";
import { HealthVerdicts } from "../../../src/services/health/health-verdicts.ts";
import type {
  DisabledElement,
  RoutedTcpRouter,
  Snapshot,
  TcpSnapshot,
} from "../../../src/snapshot/snapshot.ts";
import { readPem } from "../../../src/tls/read-pem.ts";
import { silentLogger } from "../core/silent-logger.ts";
import { FakeAccepted } from "../net/fake-accepted.ts";
import { FakeDialler } from "../net/fake-dialler.ts";
import { MemoryFiles } from "../tls/memory-files.ts";

/** TCP configuration as a user writes it, with qualified names; routers have defaults. */
export interface TcpGiven {
  readonly routers?: Readonly<Record<string, Partial<RoutedTcpRouter>>>;
  readonly services?: Readonly<Record<string, z.input<typeof tcpServiceSchema>>>;
  readonly middlewares?: Readonly<Record<string, z.input<typeof tcpMiddlewareSchema>>>;
  readonly serversTransports?: Readonly<Record<string, z.input<typeof tcpServersTransportSchema>>>;
}

const ROUTER: RoutedTcpRouter = {
  rule: "HostSNI(`*`)",
  priority: undefined,
  entryPoints: ["web"],
  middlewares: [],
  service: "s@file",
  tls: undefined,
  providerRank: 0,
};

/** A service of servers. */
export const servers = (...addresses: string[]) => ({
  loadBalancer: { servers: addresses.map((address) => ({ address })) },
});

function mapOf<T, U>(given: Readonly<Record<string, T>> = {}, make: (value: T) => U) {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, make(value)]));
}

/** Compiles with fakes of a runtime; `files` are PEM texts by path. */
export class TcpScene {
  readonly dialler = new FakeDialler();
  readonly contexts: ClientTlsOptions[] = [];
  readonly files: MemoryFiles;
  /** Names of TLS options that can't be used, with the reason. */
  readonly tlsProblems: Record<string, string> = {};
  defaultTransport: z.input<typeof tcpServersTransportSchema> = {};
  graph: TcpGraph | null = null;
  private readonly counters = new LocalCounters();
  private readonly verdicts = new HealthVerdicts();
  private checks: ActiveChecks | undefined;
  private readonly runtime = {
    connect: this.dialler.connect,
    clientTls: (options: ClientTlsOptions) => {
      this.contexts.push(options);
      return { role: "client" as const };
    },
  };

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.files = new MemoryFiles(files);
  }

  async compile(given: TcpGiven, left: readonly DisabledElement[] = []): Promise<TcpGraph> {
    const snapshot: TcpSnapshot = {
      routers: mapOf(given.routers, (router) => ({ ...ROUTER, ...router })),
      services: mapOf(given.services, (service) => tcpServiceSchema.parse(service)),
      middlewares: mapOf(given.middlewares, (each) => tcpMiddlewareSchema.parse(each)),
      serversTransports: mapOf(given.serversTransports, (each) =>
        tcpServersTransportSchema.parse(each),
      ),
    };
    const before = this.graph;
    const after = await compileTcp(snapshot, left, before, {
      verdicts: this.verdicts,
      readPem: (textOrPath) => readPem(this.files, textOrPath),
      runtime: this.runtime,
      deadlines: new Deadlines(),
      counters: this.counters,
      logger: silentLogger(),
      defaultTransport: tcpServersTransportSchema.parse(this.defaultTransport),
      entryPoints: ["web", "other"],
      tlsProblem: (name) => this.tlsProblems[name],
    });
    // As the data plane and the control plane do it.
    stopGone(before?.elements ?? [], after.elements);
    await this.follow(snapshot, after);
    this.graph = after;
    return after;
  }

  private async follow(tcp: TcpSnapshot, { disabled }: TcpGraph): Promise<void> {
    const texts = [...this.files.texts].map(([path, text]) => [path, { text }]);
    const pems = Object.fromEntries(texts);
    this.checks ??= new ActiveChecks({
      logger: silentLogger(),
      verdict: (verdict) => this.verdicts.tell([verdict]),
      proxyTo: ({ url }) => {
        throw new Error(`the scene has no server ${url}`);
      },
      sockets: {
        runtime: this.runtime,
        transports: new Transports(this.runtime, staticSchema.parse({}).serversTransport),
        defaultTcpTransport: tcpServersTransportSchema.parse(this.defaultTransport),
        closeUnused() {},
      },
    });
    await this.checks.follow(
      { services: {}, tcp, pems, disabled } as unknown as Snapshot,
      disabled,
    );
    this.verdicts.tell(this.checks.verdicts);
  }

  /** What is wrong, by name. */
  get problems(): Record<string, string> {
    return Object.fromEntries(
      (this.graph?.disabled ?? []).map(({ kind, name, errors }) => [
        `${kind} ${name}`,
        errors.join("; "),
      ]),
    );
  }

  /** A new connection on an entrypoint, given to the router that takes it; who that is. */
  connect(entryPoint = "web", serverName: string | null = null, ip = "192.0.2.7") {
    const muxes = this.graph!.entryPoints.get(entryPoint)!;
    const mux = serverName === null ? muxes.plain : muxes.tls;
    const match = mux.match({ serverName: serverName ?? "", alpn: [], ip });
    const accepted = new FakeAccepted(ip, undefined, entryPoint);
    const dials = this.dialler.dials.length;
    match?.handler(accepted);
    return { router: match?.name, accepted, dial: this.dialler.dials[dials] };
  }

  /** The servers that so many connections are sent to. */
  targets(count: number): string[] {
    return Array.from({ length: count }, () => {
      const { dial } = this.connect();
      return dial === undefined ? "nobody" : `${dial.options.hostname} ${dial.options.port}`;
    });
  }
}
