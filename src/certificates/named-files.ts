import type { StaticConfiguration } from "../config/static/schema.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { pemPath } from "../tls/read-pem.ts";

/** What of a snapshot names files for certificates, keys and CAs. */
export type NamingFiles = Pick<Snapshot, "tls" | "serversTransports" | "middlewares"> & {
  readonly tcp: Pick<Snapshot["tcp"], "serversTransports">;
};

/** The same of the static configuration: the transports of services that name none. */
export type StaticNamingFiles = Pick<
  StaticConfiguration,
  "serversTransport" | "tcpServersTransport"
>;

/** A certificate and its key, as they are written: paths, or PEM texts. */
export interface NamedPair {
  /** For messages, such as `certificates[0]`. */
  readonly name: string;
  readonly kind: "tlsCertificate" | "tlsStore";
  readonly certFile: string;
  readonly keyFile: string;
}

/** The certificates that servers show. */
export function namedPairs({ certificates, stores }: Snapshot["tls"]): NamedPair[] {
  const pairs = (certificates ?? []).map(({ certFile, keyFile }, i): NamedPair => {
    const file = pemPath(certFile) === undefined ? "" : ` (${certFile})`;
    return { name: `certificates[${i}]${file}`, kind: "tlsCertificate", certFile, keyFile };
  });
  const fallback = stores?.["default"]?.defaultCertificate;
  return fallback === undefined
    ? pairs
    : [...pairs, { ...fallback, name: "default", kind: "tlsStore" }];
}

/** All files that are named for certificates, keys and CAs, each once, there or not. */
export function namedFiles(snapshot: NamingFiles, fixed: StaticNamingFiles): string[] {
  const transports = [
    ...Object.values(snapshot.serversTransports),
    ...Object.values(snapshot.tcp.serversTransports).map(({ tls }) => tls),
  ];
  const named = [
    ...namedPairs(snapshot.tls).flatMap(({ certFile, keyFile }) => [certFile, keyFile]),
    ...Object.values(snapshot.tls.options ?? {}).flatMap(
      ({ clientAuth }) => clientAuth?.caFiles ?? [],
    ),
    ...transports.flatMap((transport) => transport?.rootCAs ?? []),
    ...transports.flatMap((transport) =>
      (transport?.certificates ?? []).flatMap(({ certFile, keyFile }) => [certFile, keyFile]),
    ),
    ...Object.values(snapshot.middlewares).flatMap(({ forwardAuth, jwt, oidc, rateLimit }) =>
      [forwardAuth?.tls, jwt?.tls, oidc?.tls, rateLimit?.redis?.tls].flatMap((tls) => {
        const { ca = "", cert = "", key = "" } = tls ?? {};
        return [ca, cert, key];
      }),
    ),
    ...(fixed.serversTransport.rootCAs ?? []),
    ...(fixed.tcpServersTransport.tls?.rootCAs ?? []),
  ];
  const paths = named.map((textOrPath) => pemPath(textOrPath));
  return [...new Set(paths)].filter((path) => path !== undefined);
}
