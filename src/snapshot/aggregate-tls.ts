import type { TlsConfiguration, TlsOptions, TlsStore } from "../config/dynamic/tls.ts";
import { qualify, resolveReference } from "./names.ts";
import type { ProviderConfiguration } from "./provider-configuration.ts";
import type { DisabledElement, RoutedTls, TlsDomain } from "./snapshot.ts";

/** The options and the store that everybody has who names none; never qualified. */
export const DEFAULT_TLS = "default";

/** The qualified name of a router's TLS options. */
export function tlsOptionsName(written: string | undefined, provider: string): string {
  if (written === undefined || written === "" || written === DEFAULT_TLS) return DEFAULT_TLS;
  return resolveReference(written, provider);
}

/** A router's TLS, or an entrypoint's for routers without, as it will run. */
export function routedTls(
  { options, certResolver, domains }: TlsWords,
  provider: string,
): RoutedTls {
  return {
    options: tlsOptionsName(options, provider),
    ...(certResolver !== undefined && certResolver !== "" && { certResolver }),
    ...(domains !== undefined && domains.length > 0 && { domains }),
  };
}

/** What is written of TLS. */
export interface TlsWords {
  readonly options?: string | undefined;
  readonly certResolver?: string | undefined;
  readonly domains?: readonly TlsDomain[] | undefined;
}

export interface AggregatedTls {
  readonly tls: TlsConfiguration;
  readonly invalidTlsOptions: Readonly<Record<string, string>>;
}

/**
 * Merges certificates, options and stores of all providers. "default" that two providers define is
 * no element's: the options then refuse the clients that would go by them. Source: Traefik's
 * pkg/server/aggregator.go.
 */
export function aggregateTls(
  sources: readonly ProviderConfiguration[],
  disabled: DisabledElement[],
): AggregatedTls {
  const options: Record<string, TlsOptions> = {};
  const stores: Record<string, TlsStore> = {};
  const invalid: Record<string, string> = {};
  const owners = { options: [] as string[], stores: [] as string[] };
  for (const { provider, configuration, disabled: refused } of sources) {
    const name = (written: string) =>
      written === DEFAULT_TLS ? DEFAULT_TLS : qualify(written, provider);
    for (const [written, set] of Object.entries(configuration.tls?.options ?? {})) {
      if (written === DEFAULT_TLS) owners.options.push(provider);
      options[name(written)] = set;
    }
    for (const [written, store] of Object.entries(configuration.tls?.stores ?? {})) {
      if (written === DEFAULT_TLS) owners.stores.push(provider);
      stores[name(written)] = store;
    }
    for (const { kind, name: written, errors } of refused) {
      if (kind !== "tlsOptions") continue;
      if (written === DEFAULT_TLS) owners.options.push(provider);
      invalid[name(written)] = errors.join("; ");
    }
  }
  if (owners.options.length > 1) {
    const message = `defined by several providers: ${owners.options.join(", ")}`;
    delete options[DEFAULT_TLS];
    invalid[DEFAULT_TLS] = message;
    disabled.push({ kind: "tlsOptions", name: DEFAULT_TLS, errors: [message] });
  }
  if (owners.stores.length > 1) {
    delete stores[DEFAULT_TLS];
    const message = `defined by several providers: ${owners.stores.join(", ")}`;
    disabled.push({ kind: "tlsStore", name: DEFAULT_TLS, errors: [message] });
  }
  const certificates = sources.flatMap(
    ({ configuration }) => configuration.tls?.certificates ?? [],
  );
  return { tls: { certificates, options, stores }, invalidTlsOptions: invalid };
}
