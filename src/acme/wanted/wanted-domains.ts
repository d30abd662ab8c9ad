import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { domainsOf } from "../../routers/compiled-rule.ts";
import { HTTP_MATCHERS } from "../../rules/http-matchers.ts";
import { parseRule } from "../../rules/parser.ts";
import { serverNamesIn, TCP_MATCHERS } from "../../rules/tcp-matchers.ts";
import type { RoutedTls, Snapshot, TlsDomain } from "../../snapshot/snapshot.ts";
import { orderedNames, type WantedDomain, withoutRepetitions } from "./wanted-names.ts";

export interface WantedOptions {
  /** By the names of the resolvers that there are: whether it has a dnsChallenge. */
  readonly resolvers: ReadonlyMap<string, { readonly hasDnsChallenge: boolean }>;
  readonly logger: Logger;
}

/** Names that each resolver is asked for, a list for each certificate. */
export type Wanted = ReadonlyMap<string, readonly (readonly string[])[]>;

/**
 * What a configuration wants of certificate resolvers: for each router that names one its
 * `tls.domains`, a certificate each, or one for all names in its rule; and the default store's
 * certificate. What can't be had is logged. Source: Traefik's pkg/provider/acme/provider.go.
 */
export function wantedDomains(snapshot: Snapshot, options: WantedOptions): Wanted {
  const { resolvers, logger } = options;
  const wanted = new Map<string, (readonly string[])[]>(
    [...resolvers.keys()].map((name) => [name, []]),
  );
  const ask = (resolver: string, domain: WantedDomain, about: Readonly<Record<string, string>>) => {
    try {
      const names = orderedNames(domain, resolvers.get(resolver)!.hasDnsChallenge);
      if (names.length > 0) wanted.get(resolver)!.push(names);
    } catch (error) {
      logger.error("A certificate can't be ordered", { ...about, error: messageOf(error) });
    }
  };
  const askFor = (routerName: string, tls: RoutedTls | undefined, names: () => string[]) => {
    const resolver = tls?.certResolver;
    if (resolver === undefined) return;
    if (!resolvers.has(resolver)) {
      logger.error("Router uses a nonexistent certificate resolver", {
        routerName,
        certificateResolver: resolver,
      });
      return;
    }
    const fromRule = () => {
      const [main, ...sans] = names();
      return main === undefined ? [] : [{ main, sans }];
    };
    const domains = tls!.domains?.map(domainOf) ?? fromRule();
    for (const domain of domains) ask(resolver, domain, { routerName });
  };
  for (const [name, { rule, tls }] of Object.entries(snapshot.routers))
    askFor(name, tls, () => namesIn(rule, httpNames));
  for (const [name, { rule, tls }] of Object.entries(snapshot.tcp.routers))
    askFor(name, tls, () => namesIn(rule, tcpNames));
  const store = snapshot.tls.stores?.["default"];
  const generated = store?.defaultGeneratedCert;
  if (generated?.resolver !== undefined && store!.defaultCertificate === undefined) {
    if (resolvers.has(generated.resolver))
      ask(generated.resolver, domainOf(generated.domain ?? {}), { tlsStoreName: "default" });
    else
      logger.error("The default certificate names a nonexistent certificate resolver", {
        tlsStoreName: "default",
        certificateResolver: generated.resolver,
      });
  }
  return new Map(
    [...wanted].map(([resolver, lists]) => [
      resolver,
      withoutRepetitions(lists, (message) => logger.debug(`ACME: ${message}`, { resolver })),
    ]),
  );
}

function domainOf({ main = "", sans = [] }: TlsDomain): WantedDomain {
  return { main, sans };
}

const httpNames = (rule: string) => domainsOf(parseRule(rule, HTTP_MATCHERS));
const tcpNames = (rule: string) => serverNamesIn(parseRule(rule, TCP_MATCHERS));

/** Those of a rule that a certificate can be for; none where it can't be parsed, which is its router's error. */
function namesIn(rule: string, names: (rule: string) => string[]): string[] {
  try {
    return names(rule).filter((name) => name !== "*" && name !== "");
  } catch {
    return [];
  }
}
