import type { AcmeConfiguration } from "../config/static/certificates-resolvers.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { ControlRequest, ControlResponse } from "../internal/control-request.ts";
import type { Runtime } from "../net/runtime.ts";
import type { Provider } from "../providers/provider.ts";
import type { ProviderConfiguration } from "../snapshot/provider-configuration.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { ChallengeCertificate } from "../tls/challenges/challenge-certificates.ts";
import { authorityClient } from "./authority-client.ts";
import { HttpTokens } from "./challenges/http-tokens.ts";
import { TlsChallenges } from "./challenges/tls-challenges.ts";
import { demandedHosts } from "./demand/demanding-routers.ts";
import { OnDemand } from "./demand/on-demand.ts";
import { AcmeResolver } from "./resolver/acme-resolver.ts";
import type { Backoff } from "./resolver/backoff.ts";
import type { ResolverState } from "./resolver/resolver-state.ts";
import { solversOf } from "./solvers.ts";
import { FileStorage } from "./storage/file-storage.ts";
import type { AcmeStorage } from "./storage/storage.ts";
import { TailscaleResolver } from "./tailscale/tailscale-resolver.ts";
import { CoveredNames } from "./wanted/covered-names.ts";
import { withGeneratedDefault } from "./wanted/generated-default.ts";
import { wantedDomains } from "./wanted/wanted-domains.ts";
import type { KeyType } from "./x509/key-type.ts";

export type AcmeRuntime = Pick<
  Runtime,
  | "bindUdp"
  | "connect"
  | "durableFiles"
  | "env"
  | "files"
  | "hostname"
  | "httpClient"
  | "lookup"
  | "pid"
  | "redis"
  | "rsaKey"
  | "runCommand"
  | "showsChallengeCertificates"
>;

export interface AcmeOptions {
  readonly configuration: Pick<StaticConfiguration, "certificatesResolvers" | "entryPoints">;
  readonly runtime: AcmeRuntime;
  readonly logger: Logger;
  /** False: what is stored is read, and nothing is ordered. */
  readonly active: boolean;
  readonly showChallenges: (certificates: readonly ChallengeCertificate[]) => Promise<void>;
  readonly backoff?: Backoff;
}

/** What gets certificates, from an authority or from Tailscale. */
type Resolver = Pick<AcmeResolver, "name" | "certificates" | "state" | "start" | "stop" | "want"> &
  Partial<Pick<AcmeResolver, "demand">>;

/** A resolver of the configuration, before and after it is open. */
interface Configured {
  readonly name: string;
  /** "le.acme". */
  readonly providerName: string;
  /** It may be asked for wildcards; what it can't have it refuses itself. */
  readonly hasDnsChallenge: boolean;
  /** Undefined where it is off, with the reason in the log. */
  readonly ready: Promise<Resolver | undefined>;
  emit: ((configuration: ProviderConfiguration) => void) | undefined;
}

/** Where the daemon listens on Linux; TS_SOCKET names another place, as in Tailscale's own images. */
const TAILSCALE_SOCKET = "/var/run/tailscale/tailscaled.sock";

/** Where authorities look for HTTP-01 (RFC 8555 section 8.3). */
export const CHALLENGE_PATH = "/.well-known/acme-challenge/";

/**
 * All certificate resolvers of the process: it belongs to the control plane. Each gives what it has
 * as a provider, `<resolver>.acme`; data planes get it as PEM with the rest of the configuration, so
 * that no handshake ever waits for an order.
 */
export class Acme {
  /** One for each resolver. */
  readonly providers: readonly Provider[];
  private readonly options: AcmeOptions;
  private readonly tokens = new HttpTokens();
  private readonly tlsChallenges: TlsChallenges;
  private readonly configured: readonly Configured[];
  private readonly covered = new CoveredNames();
  /** By the names of their resolvers. */
  private readonly onDemands = new Map<string, OnDemand>();
  private readonly running: Resolver[] = [];
  private readonly storages = new Map<string, Promise<AcmeStorage>>();
  private opened: Promise<unknown> | undefined;

  /** Throws an Error that names the key where the static configuration can't work. */
  constructor(options: AcmeOptions) {
    const { runtime } = options;
    this.options = options;
    this.tlsChallenges = new TlsChallenges(options.showChallenges, runtime);
    const resolvers = Object.entries(options.configuration.certificatesResolvers ?? {});
    this.configured = resolvers.flatMap(([name, { acme, tailscale }]) => {
      if (tailscale !== undefined)
        return [this.configure(name, "tailscale", true, (one) => this.openTailscale(one))];
      if (acme === undefined) return [];
      this.check(name, acme);
      const open = (one: Configured) => this.open(one, acme);
      return [this.configure(name, "acme", acme.dnsChallenge !== undefined, open)];
    });
    this.providers = this.configured.map((one) => ({
      name: one.providerName,
      start: async (emit) => {
        one.emit = emit;
        const resolver = await one.ready;
        if (resolver !== undefined) this.publish(one, resolver);
        return () => {
          one.emit = undefined;
        };
      },
    }));
  }

  /** The snapshot with the default certificate that a resolver has for it, where the store wants one. */
  complete(snapshot: Snapshot): Snapshot {
    return withGeneratedDefault(
      snapshot,
      (resolver) => this.running.find(({ name }) => name === resolver)?.certificates,
    );
  }

  /** Orders what a configuration that serves now wants and nothing covers. */
  async follow(snapshot: Snapshot): Promise<void> {
    this.opened ??= Promise.all(this.configured.map(({ ready }) => ready));
    await this.opened;
    const { logger } = this.options;
    const resolvers = new Map(
      this.configured
        .filter(({ name }) => this.running.some((resolver) => resolver.name === name))
        .map(({ name, hasDnsChallenge }) => [name, { hasDnsChallenge }]),
    );
    const wanted = wantedDomains(snapshot, { resolvers, logger });
    const covering = this.covered.of(snapshot);
    for (const [name, onDemand] of this.onDemands) onDemand.hosts = demandedHosts(snapshot, name);
    for (const resolver of this.running) resolver.want(wanted.get(resolver.name)!, covering);
  }

  /** A client asked for a name that no certificate has. */
  demand(serverName: string): void {
    if (!this.options.active) return;
    for (const resolver of this.running) resolver.demand?.(serverName);
  }

  /** Answers an authority that looks for HTTP-01; an empty 404 where no such challenge is under way. */
  async answer({ url }: ControlRequest): Promise<ControlResponse> {
    const { hostname, pathname } = new URL(url);
    const token = pathname.startsWith(CHALLENGE_PATH) ? pathname.slice(CHALLENGE_PATH.length) : "";
    const body = token === "" ? undefined : await this.tokens.answer(hostname, token);
    return body === undefined
      ? { status: 404, headers: [], body: "" }
      : { status: 200, headers: [["Content-Type", "text/plain"]], body };
  }

  /** What every resolver has, and what it doesn't get. */
  get states(): ResolverState[] {
    return this.running.map(({ state }) => state);
  }

  /** Gives up what is under way, and writes what is to be written. */
  async stop(): Promise<void> {
    for (const resolver of this.running) resolver.stop();
    const closing = [...this.storages.values()].map((storage) =>
      storage.then((one) => one.close()).catch(() => {}),
    );
    await Promise.all(closing);
  }

  private check(
    name: string,
    { httpChallenge, tlsChallenge, dnsChallenge }: AcmeConfiguration,
  ): void {
    const place = `certificatesResolvers.${name}.acme`;
    const { configuration, runtime } = this.options;
    if (tlsChallenge !== undefined && !runtime.showsChallengeCertificates) {
      throw new Error(
        `${place}.tlsChallenge: this runtime's TLS library can't show such certificates; use httpChallenge or dnsChallenge, or run Sluice on Bun`,
      );
    }
    const entryPoint = httpChallenge?.entryPoint;
    if (httpChallenge !== undefined && !Object.hasOwn(configuration.entryPoints, entryPoint!)) {
      const known = Object.keys(configuration.entryPoints).join(", ");
      this.options.logger.error(
        `${place}.httpChallenge.entryPoint: expected one of ${known}, found "${entryPoint}"`,
      );
    }
    if (!httpChallenge && !tlsChallenge && !dnsChallenge)
      this.options.logger.error(
        `${place}: expected a challenge, found none: nothing can be ordered`,
      );
  }

  private configure(
    name: string,
    kind: "acme" | "tailscale",
    hasDnsChallenge: boolean,
    open: (one: Configured) => Promise<Resolver | undefined>,
  ): Configured {
    const one: Configured = {
      name,
      providerName: `${name}.${kind}`,
      hasDnsChallenge,
      ready: Promise.resolve().then(() => open(one)),
      emit: undefined,
    };
    return one;
  }

  /** Resolvers with the same path share it, as do those with the same store. */
  private storageFor({ storage: path, store }: AcmeConfiguration): Promise<AcmeStorage> {
    const key = store === undefined ? path : JSON.stringify(store);
    let storage = this.storages.get(key);
    if (storage === undefined) {
      const { runtime, logger, active } = this.options;
      const common = { logger, readOnly: !active };
      storage =
        store === undefined
          ? Promise.resolve(new FileStorage({ ...common, path, runtime }))
          : // Modules that a start with files doesn't pay for.
            import("./storage/shared/shared-storage-of.ts").then(({ sharedStorageOf }) =>
              sharedStorageOf(store, { ...common, runtime }),
            );
      this.storages.set(key, storage);
    }
    return storage;
  }

  private async open(one: Configured, acme: AcmeConfiguration): Promise<Resolver | undefined> {
    const { name, providerName } = one;
    const { runtime, backoff } = this.options;
    const logger = this.options.logger.with({ providerName });
    try {
      const client = await authorityClient(acme, runtime);
      const storage = await this.storageFor(acme);
      await storage.open();
      const { kid = "", hmacEncoded = "" } = acme.eab ?? {};
      const solvers = solversOf(acme, {
        runtime,
        logger,
        tokens: this.tokens,
        sharedTokens: storage.tokens,
        tlsChallenges: this.tlsChallenges,
      });
      const onDemand =
        acme.onDemand &&
        new OnDemand({
          ...acme.onDemand,
          http: runtime.httpClient({ tls: { verify: true } }),
          logger,
          orderedAt: storage.demands(name),
        });
      if (onDemand !== undefined) this.onDemands.set(name, onDemand);
      const resolver = new AcmeResolver({
        ...acme,
        onDemand,
        resolver: name,
        keyType: acme.keyType as KeyType,
        eab: kid !== "" && hmacEncoded !== "" ? { kid, hmacEncoded } : undefined,
        client,
        storage,
        solvers,
        runtime,
        logger,
        changed: () => this.publish(one, resolver),
        ...(backoff !== undefined && { backoff }),
      });
      return this.run(resolver);
    } catch (error) {
      logger.error("The ACME resolve is skipped from the resolvers list", {
        resolver: name,
        error: messageOf(error),
      });
      return undefined;
    }
  }

  private async openTailscale(one: Configured): Promise<Resolver> {
    const { runtime, logger } = this.options;
    const resolver = new TailscaleResolver({
      name: one.name,
      http: runtime.httpClient({ socketPath: runtime.env["TS_SOCKET"] || TAILSCALE_SOCKET }),
      logger: logger.with({ providerName: one.providerName }),
      changed: () => this.publish(one, resolver),
    });
    return this.run(resolver);
  }

  private run(resolver: Resolver): Resolver {
    if (this.options.active) resolver.start();
    this.running.push(resolver);
    return resolver;
  }

  private publish({ providerName, emit }: Configured, { certificates }: Resolver): void {
    emit?.({
      provider: providerName,
      configuration: {
        tls: {
          certificates: certificates.map(({ certificate, key, store }) => ({
            certFile: certificate,
            keyFile: key,
            stores: [store],
          })),
        },
      },
      disabled: [],
    });
  }
}
