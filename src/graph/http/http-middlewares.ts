import type { Breather } from "../../core/loop/breather.ts";
import type {
  ClientTls,
  HttpMiddleware,
  HttpMiddlewareContext,
} from "../../middlewares/http/http-middleware.ts";
import { HTTP_MIDDLEWARES } from "../../middlewares/http/table.ts";
import type { HttpClientTls } from "../../net/clients/http-client.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { HttpService } from "../../services/http/http-service.ts";
import { serverAddress } from "../../services/http/server-address.ts";
import { providerOf, resolveReference } from "../../snapshot/names.ts";
import type { Snapshot } from "../../snapshot/snapshot.ts";
import { type ReadPem, readFromTable } from "../../tls/pem-reader.ts";
import {
  type BuildPath,
  ElementBuilder,
  type Held,
  type Plan,
  type Running,
} from "../element-builder.ts";
import { missing } from "../missing.ts";
import { kindOf, planElement } from "../plan-element.ts";
import { readAuthorities, readKeyPair } from "../tls-files.ts";
import { fold } from "./fold.ts";
import {
  childOf,
  DEFAULT_TRANSPORT,
  type HttpServices,
  type ServiceContext,
} from "./http-services.ts";

export interface MiddlewareContext extends ServiceContext {
  readonly files: HttpMiddlewareContext["files"];
  readonly servedFiles?: HttpMiddlewareContext["servedFiles"];
  readonly inWorker?: HttpMiddlewareContext["inWorker"];
  readonly codecs: HttpMiddlewareContext["codecs"];
  readonly redis?: Runtime["redis"];
  /** A module's exports, loaded afresh where the version is new. */
  readonly importModule: Runtime["importModule"];
}

/** Builds the HTTP middlewares of a snapshot; each router's own of those that count something. */
export class HttpMiddlewares {
  readonly builder: ElementBuilder<HttpMiddleware>;
  private readonly snapshot: Snapshot;
  private readonly services: HttpServices;
  private readonly context: MiddlewareContext;
  /** Whether a middleware, or one in its chain, is made for each router. */
  private readonly perRouter = new Map<string, boolean>();

  constructor(
    snapshot: Snapshot,
    previous: ReadonlyMap<string, Running<HttpMiddleware>>,
    services: HttpServices,
    context: MiddlewareContext,
  ) {
    this.snapshot = snapshot;
    this.services = services;
    this.context = context;
    this.builder = new ElementBuilder<HttpMiddleware>({
      kind: "middleware",
      previous,
      plan: (name, path, router) => this.plan(name, path, router),
    });
  }

  /** The middleware of that qualified name, as `router` has it. Rejects with what is wrong with it. */
  get(name: string, router: string, path: BuildPath = []): Promise<Running<HttpMiddleware>> {
    return this.builder.get(name, path, this.ownerOf(name, router));
  }

  /** The same where it has been built. */
  known(name: string, router: string): Running<HttpMiddleware> | undefined {
    return this.builder.known(name, this.ownerOf(name, router));
  }

  private ownerOf(name: string, router: string): string {
    const { builder, snapshot } = this;
    // What one that was left out for its errors was like shows in what it goes on as.
    const own =
      snapshot.middlewares[name] === undefined
        ? builder.ranBefore(name, router)
        : this.isPerRouter(name);
    return own ? router : "";
  }

  /** Builds those that no router uses, so that their errors show. */
  async buildUnused(breather: Breather): Promise<void> {
    const used = new Set(this.builder.names());
    for (const name of Object.keys(this.snapshot.middlewares)) {
      const turn = breather.breathe();
      if (turn !== undefined) await turn;
      if (!used.has(name)) await this.get(name, "").catch(() => {});
    }
  }

  private async plan(name: string, path: BuildPath, router: string): Promise<Plan<HttpMiddleware>> {
    const { snapshot, services } = this;
    const configuration = snapshot.middlewares[name];
    if (configuration === undefined)
      throw missing(snapshot.disabled, "middleware", "middleware", name);
    const label = `middleware "${name}"`;
    const { chain, ...kinds } = configuration;
    if (kindOf(configuration, label, "kind") === "chain")
      return this.chain(name, chain?.middlewares ?? [], path, router);
    const plan = await planElement({
      table: HTTP_MIDDLEWARES,
      configuration: kinds,
      label,
      noun: "kind",
      service: (reference) => childOf(services, name, reference, path),
      context: (children, _, held) => this.contextOf(name, router, children, held),
    });
    return this.observed(plan, name, kindOf(configuration, label, "kind"));
  }

  /** The same with what watches it; chains aren't watched, what is in them is. */
  private observed(plan: Plan<HttpMiddleware>, name: string, kind: string): Plan<HttpMiddleware> {
    const wraps = this.context.observers.flatMap(
      (observer) => observer.middleware?.({ middleware: name, kind }) ?? [],
    );
    if (wraps.length === 0) return plan;
    return {
      ...plan,
      create: async () => {
        const made = await plan.create();
        return {
          middleware: wraps.reduceRight((middleware, wrap) => wrap(middleware), made.middleware),
          stop: () => made.stop?.(),
          ...(made.purge && { purge: made.purge }),
        };
      },
    };
  }

  private async chain(
    name: string,
    references: readonly string[],
    path: BuildPath,
    router: string,
  ): Promise<Plan<HttpMiddleware>> {
    const children: Running<HttpMiddleware>[] = [];
    for (const reference of references)
      children.push(await this.get(resolveReference(reference, providerOf(name)), router, path));
    return {
      fingerprint: "chain",
      children,
      held: [],
      create: () => ({ middleware: (next) => fold(children, next) }),
    };
  }

  private contextOf(
    name: string,
    router: string,
    children: readonly Running[],
    held: Held[],
  ): HttpMiddlewareContext {
    const {
      logger,
      deadlines,
      counters,
      files,
      servedFiles,
      codecs,
      inWorker,
      redis,
      importModule,
      proxyTo,
      transports,
    } = this.context;
    return {
      name,
      provider: providerOf(name),
      router,
      logger: logger.with({ middlewareName: name }),
      deadlines,
      counters,
      files,
      ...(servedFiles && { servedFiles }),
      ...(inWorker && { inWorker }),
      codecs,
      module: (path) => {
        const version = this.snapshot.moduleVersions[path] ?? "";
        return { version, load: () => importModule(path, version) };
      },
      ...(redis && {
        redis: async (options, files) => {
          const tls = files && (await redisTls(files, readFromTable(this.snapshot.pems)));
          return { tls, connect: () => redis({ ...options, tls }) };
        },
      }),
      services: (children as readonly Running<HttpService>[]).map(({ value }) => value.handler),
      client: async (url, tls) => {
        if (tls !== undefined && transports === undefined)
          throw new Error("tls: it needs sockets of Sluice's own");
        const numbered = await (tls === undefined
          ? transports?.get(DEFAULT_TRANSPORT)
          : transports?.withTls(tls));
        const server = { url, preservePath: true };
        const upstream = proxyTo(serverAddress(server, true, numbered?.transport ?? null));
        held.push(upstream);
        return { handler: upstream.handler, transport: numbered?.id ?? 0 };
      },
    };
  }

  private isPerRouter(name: string): boolean {
    let known = this.perRouter.get(name);
    if (known === undefined) {
      // What a chain that contains itself says of this doesn't matter: it isn't built.
      this.perRouter.set(name, false);
      const configuration = this.snapshot.middlewares[name] ?? {};
      const table: Readonly<Record<string, { readonly perRouter?: boolean } | undefined>> =
        HTTP_MIDDLEWARES;
      known = Object.keys(configuration).some((kind) => table[kind]?.perRouter === true);
      for (const child of configuration.chain?.middlewares ?? [])
        known ||= this.isPerRouter(resolveReference(child, providerOf(name)));
      this.perRouter.set(name, known);
    }
    return known;
  }
}

/** What a connection to Redis is secured with. Rejects where a file can't be read. */
async function redisTls(files: ClientTls, readPem: ReadPem): Promise<HttpClientTls> {
  const { ca = "", cert = "", key = "", insecureSkipVerify = false } = files;
  if ((cert === "") !== (key === ""))
    throw new Error("tls: cert and key go together, and one of them is missing");
  const authorities = await readAuthorities(readPem, ca === "" ? [] : [ca]);
  const keyPair = await readKeyPair(readPem, cert === "" ? [] : [{ certFile: cert, keyFile: key }]);
  return { ca: authorities?.[0], keyPair, verify: !insecureSkipVerify };
}

/** Of platforms that encode nothing. */
export const NO_CODECS: HttpMiddlewareContext["codecs"] = async () => {
  throw new Error("this platform compresses nothing");
};

/** Of platforms without files. */
export const NO_FILES: HttpMiddlewareContext["files"] = {
  read: async (path) => {
    throw new Error(`${path}: there are no files here`);
  },
  info: async () => undefined,
  temporary: async () => {
    throw new Error("there are no files here");
  },
  list: async () => [],
  put: async (path) => {
    throw new Error(`${path}: there are no files here`);
  },
  remove: async (path) => {
    throw new Error(`${path}: there are no files here`);
  },
};
