import type { AcmeConfiguration } from "../config/static/certificates-resolvers.ts";
import type { HttpClientTls } from "../net/clients/http-client.ts";
import type { Runtime } from "../net/runtime.ts";
import { readPem } from "../tls/read-pem.ts";
import { AcmeClient } from "./protocol/acme-client.ts";

/** What the client of an authority needs of its surroundings. */
export type AuthorityRuntime = Pick<Runtime, "env" | "files" | "httpClient">;

/**
 * The client of a resolver's authority. CAs come from the configuration or, as for lego, from the
 * environment. Rejects with an Error that names the file which can't be read.
 */
export async function authorityClient(
  configuration: AcmeConfiguration,
  runtime: AuthorityRuntime,
): Promise<AcmeClient> {
  const { caServer, clientTimeout, clientResponseHeaderTimeout } = configuration;
  if (clientResponseHeaderTimeout > clientTimeout) {
    throw new Error(
      `clientResponseHeaderTimeout: expected at most clientTimeout (${clientTimeout} ms), found ${clientResponseHeaderTimeout} ms`,
    );
  }
  return new AcmeClient({
    url: caServer,
    http: runtime.httpClient({ tls: await trustOf(configuration, runtime) }),
    timeout: clientTimeout,
    headTimeout: clientResponseHeaderTimeout,
  });
}

async function trustOf(
  { caCertificates, caSystemCertPool, caServerName }: AcmeConfiguration,
  { env, files }: AuthorityRuntime,
): Promise<HttpClientTls> {
  const named = (env["LEGO_CA_CERTIFICATES"] ?? "").split(":").filter((path) => path !== "");
  const sources = caCertificates.length > 0 ? caCertificates : named;
  const texts = await Promise.all(sources.map((textOrPath) => readPem(files, textOrPath)));
  const withSystem =
    caSystemCertPool || /^(1|t|true)$/i.test(env["LEGO_CA_SYSTEM_CERT_POOL"] ?? "");
  const serverName = caServerName || env["LEGO_CA_SERVER_NAME"];
  return {
    verify: true,
    ...(texts.length > 0 && { ca: texts.join("\n"), systemRoots: withSystem }),
    ...(serverName !== undefined && serverName !== "" && { serverName }),
  };
}
