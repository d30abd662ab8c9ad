import type { AcmeConfiguration } from "../config/static/certificates-resolvers.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Runtime } from "../net/runtime.ts";
import type { ChallengeSolver, Solvers } from "./challenges/challenge.ts";
import type { HttpTokens } from "./challenges/http-tokens.ts";
import type { TlsChallenges } from "./challenges/tls-challenges.ts";
import { DnsEnvironment } from "./dns/dns-environment.ts";
import type { DnsContext } from "./dns/dns-provider.ts";
import type { DnsResolutionOptions } from "./dns/dns-resolution.ts";
import { dnsSolver } from "./dns/dns-solver.ts";
import { LiveResolution } from "./dns/live-resolution.ts";
import type { AcmeStorage } from "./storage/storage.ts";

export interface SolversContext {
  readonly runtime: DnsContext["runtime"] & Pick<Runtime, "env" | "httpClient">;
  readonly logger: Logger;
  readonly tokens: HttpTokens;
  /** Of the resolver's storage. */
  readonly sharedTokens: AcmeStorage["tokens"];
  readonly tlsChallenges: TlsChallenges;
}

/**
 * The ways in which a resolver proves names, by its configuration. The DNS provider is made when it
 * is first needed, and again while it can't be; that is logged at once.
 */
export function solversOf(
  { httpChallenge, tlsChallenge, dnsChallenge }: AcmeConfiguration,
  context: SolversContext,
): () => Promise<Solvers> {
  const { tokens, sharedTokens, tlsChallenges, logger } = context;
  const fixed: Solvers = {
    ...(httpChallenge && { "http-01": tokens.solver(httpChallenge.delay, sharedTokens) }),
    ...(tlsChallenge && { "tls-alpn-01": tlsChallenges.solver(tlsChallenge.delay) }),
  };
  if (dnsChallenge === undefined) return async () => fixed;
  let made: Promise<ChallengeSolver> | undefined;
  const make = () => {
    made ??= makeDnsSolver(dnsChallenge, context);
    made.catch(() => {
      made = undefined;
    });
    return made;
  };
  make().catch((error: unknown) =>
    logger.error("The DNS provider can't be used", { error: messageOf(error) }),
  );
  return async () => ({ ...fixed, "dns-01": await make() });
}

async function makeDnsSolver(
  configuration: NonNullable<AcmeConfiguration["dnsChallenge"]>,
  { runtime, logger }: SolversContext,
): Promise<ChallengeSolver> {
  const { provider: name } = configuration;
  // Dozens of modules that a start without a dnsChallenge doesn't pay for.
  const { dnsProviderFactory } = await import("./dns/table.ts");
  const factory = dnsProviderFactory(name);
  const resolution = new LiveResolution(resolutionOptions(configuration), { runtime, logger });
  try {
    const provider = await factory({
      env: new DnsEnvironment(runtime),
      resolution,
      runtime,
      httpClient: (options) => runtime.httpClient(options),
      logger,
    });
    return dnsSolver(provider, resolution, logger);
  } catch (error) {
    throw new Error(`dnsChallenge.provider ${name}: ${messageOf(error)}`, { cause: error });
  }
}

/** The old names count where the new section isn't there. */
function resolutionOptions({
  resolvers,
  propagation,
  delayBeforeCheck,
  disablePropagationCheck,
}: NonNullable<AcmeConfiguration["dnsChallenge"]>): DnsResolutionOptions {
  const isOld = delayBeforeCheck !== undefined || disablePropagationCheck !== undefined;
  const old = {
    disableChecks: disablePropagationCheck ?? false,
    disableANSChecks: false,
    requireAllRNS: false,
    delayBeforeChecks: delayBeforeCheck ?? 0,
  };
  return { resolvers, propagation: propagation ?? (isOld ? old : undefined) };
}
