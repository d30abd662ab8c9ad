import { demandedHosts } from "../acme/demand/demanding-routers.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import { compileRule } from "../routers/compiled-rule.ts";
import { TlsHosts, type TlsRouter } from "../routers/tls-hosts.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { isOrderableName } from "../tls/demanded-names.ts";
import type { ExplainedTls } from "./explained.ts";

/** A certificate that serves, with the names by which it is found. */
export interface KnownCertificate {
  readonly names: readonly string[];
  readonly isDefault: boolean;
  readonly shown: {
    readonly commonName: string;
    readonly sans: readonly string[];
    readonly notAfter: string;
    readonly status: string;
  };
}

/** The TLS options for each server name on an entrypoint, of the routers that serve. */
export function tlsHostsOf(
  { routers, tls }: Snapshot,
  entryPoint: string,
  serves: (router: string) => boolean,
): TlsHosts {
  const list: TlsRouter[] = [];
  for (const [name, router] of Object.entries(routers)) {
    if (router.tls === undefined || !router.entryPoints.includes(entryPoint) || !serves(name))
      continue;
    list.push({ name, hosts: domainsOf(router.rule), options: router.tls.options });
  }
  return new TlsHosts(list, (name) => {
    const { clientAuthType = "NoClientCert", caFiles } = tls.options?.[name]?.clientAuth ?? {};
    return clientAuthType === "NoClientCert" ? "" : JSON.stringify([clientAuthType, caFiles]);
  });
}

function domainsOf(rule: string): readonly string[] {
  try {
    return compileRule(rule).domains;
  } catch {
    // The router goes on with a rule of before, or is disabled.
    return [];
  }
}

/** The certificate that a client gets which asks for `serverName`: the name's own, a wildcard's, the default one. */
export function explainTls(
  options: string,
  serverName: string,
  certificates: readonly KnownCertificate[],
  onDemand: () => string | undefined,
): ExplainedTls {
  const wildcard = `*${serverName.slice(serverName.indexOf("."))}`;
  const own =
    certificates.find(({ names }) => names.includes(serverName)) ??
    certificates.find(({ names }) => serverName.includes(".") && names.includes(wildcard));
  const resolver = own === undefined ? onDemand() : undefined;
  const more = resolver === undefined ? {} : { onDemand: resolver };
  const found = own ?? certificates.find(({ isDefault }) => isDefault);
  if (found === undefined) return { options, certificate: "generated", ...more };
  const { commonName, sans, notAfter, status } = found.shown;
  return { options, certificate: { commonName, sans, notAfter, status }, ...more };
}

/** The resolver that may order a certificate for a name when a client asks for it. */
export function onDemandFor(
  serverName: string,
  snapshot: Snapshot,
  { certificatesResolvers = {} }: Pick<StaticConfiguration, "certificatesResolvers">,
): string | undefined {
  if (!isOrderableName(serverName)) return undefined;
  return Object.keys(certificatesResolvers).find(
    (name) =>
      certificatesResolvers[name].acme?.onDemand !== undefined &&
      demandedHosts(snapshot, name)(serverName),
  );
}
