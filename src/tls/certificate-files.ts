import type { TlsConfiguration } from "../config/dynamic/tls.ts";
import { pemPath } from "./read-pem.ts";

/**
 * All files that a configuration names for certificates, keys and client CAs, there or not. Known
 * before any is read, so that who watches them sees each change that comes behind the reading.
 */
export function certificateFiles({ certificates, stores, options }: TlsConfiguration): string[] {
  const { defaultCertificate } = stores?.["default"] ?? {};
  const pairs = [...(certificates ?? []), ...(defaultCertificate ? [defaultCertificate] : [])];
  const named = [
    ...pairs.flatMap(({ certFile, keyFile }) => [certFile, keyFile]),
    ...Object.values(options ?? {}).flatMap(({ clientAuth }) => clientAuth?.caFiles ?? []),
  ];
  const paths = named.map((textOrPath) => pemPath(textOrPath));
  return [...new Set(paths)].filter((path) => path !== undefined);
}
