import type { ResolverState } from "../acme/resolver/resolver-state.ts";
import type { ListedCertificate } from "./certificates.ts";
import { goTime } from "./go/go-time.ts";
import type { ListRules } from "./list.ts";
import { type ShownFailure, secondsOf, shownFailure } from "./shown-failure.ts";

/** A certificate resolver as the API shows it (ours). */
export interface ApiResolver {
  readonly name: string;
  readonly kind: ResolverState["kind"];
  /** "warning" where an order has failed and none has succeeded since. */
  readonly status: "enabled" | "warning";
  readonly orders: boolean;
  readonly succeeded: number;
  readonly failed: number;
  readonly certificates: readonly {
    readonly names: readonly string[];
    readonly serialNumber: string | undefined;
    readonly notAfter: string | undefined;
    readonly renewAt: string | undefined;
    readonly failure: ShownFailure | undefined;
  }[];
}

export const RESOLVER_RULES: ListRules<ApiResolver> = {
  texts: ({ name, certificates }) => [name, ...certificates.flatMap(({ names }) => names)],
  orders: {
    status: (a, b) => (a.status < b.status ? -1 : a.status > b.status ? 1 : 0),
    failed: (a, b) => a.failed - b.failed,
  },
};

export function shownResolver(state: ResolverState): ApiResolver {
  const { name, kind, orders, succeeded, failed, certificates } = state;
  const hasFailed = certificates.some(({ failure }) => failure !== undefined);
  return {
    name,
    kind,
    status: hasFailed ? "warning" : "enabled",
    orders,
    succeeded,
    failed,
    certificates: certificates.map(({ names, facts, renewAt, failure }) => ({
      names,
      serialNumber: facts?.serial,
      notAfter: facts && goTime(facts.notAfter),
      renewAt: renewAt === undefined ? undefined : secondsOf(renewAt),
      failure: shownFailure(failure),
    })),
  };
}

/** Certificates with what their resolvers know of them: behind Traefik's members, as they are ours. */
export function withResolvers(
  listed: readonly ListedCertificate[],
  states: readonly ResolverState[],
): ListedCertificate["shown"][] {
  const all = states.flatMap(({ certificates }) => certificates);
  const known = new Map(all.map((one) => [one.facts?.serial, one]));
  return listed.map(({ shown }) => {
    const state = known.get(shown.serialNumber);
    if (state === undefined) return shown;
    const { resolver, renewAt, failure } = state;
    return {
      ...shown,
      resolver,
      renewAt: renewAt === undefined ? undefined : secondsOf(renewAt),
      renewalFailure: shownFailure(failure),
    };
  });
}
