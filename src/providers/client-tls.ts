import type { HttpClientTls } from "../net/clients/http-client.ts";
import type { Files } from "../net/runtime.ts";

/** Traefik's types.ClientTLS: each text is a file's path, or a PEM text itself. */
export interface ClientTlsConfiguration {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecureSkipVerify?: boolean;
}

/** Reads what a client's TLS configuration names. Rejects where a file can't be read, or half of a pair is missing. */
export async function readClientTls(
  configuration: ClientTlsConfiguration | undefined,
  files: Pick<Files, "read">,
): Promise<HttpClientTls | undefined> {
  if (configuration === undefined) return undefined;
  const { ca = "", cert = "", key = "", insecureSkipVerify = false } = configuration;
  if ((cert === "") !== (key === ""))
    throw new Error(
      `expected tls.cert and tls.key together, found ${cert === "" ? "key" : "cert"}`,
    );
  const read = async (text: string) =>
    text.includes("-----BEGIN") ? text : new TextDecoder().decode(await files.read(text));
  return {
    ...(ca !== "" && { ca: await read(ca) }),
    ...(cert !== "" && {
      keyPair: { certificate: await read(cert), privateKey: await read(key) },
    }),
    verify: !insecureSkipVerify,
  };
}
