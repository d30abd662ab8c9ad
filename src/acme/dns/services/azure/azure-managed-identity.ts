import {
  type HttpClient,
  type HttpClientResponse,
  textOf,
} from "../../../../net/clients/http-client.ts";
import type { Runtime } from "../../../../net/runtime.ts";
import { keptToken } from "../../api/oauth-token.ts";
import type { AzureCloud } from "./azure-cloud.ts";

export interface ManagedIdentityOptions {
  readonly runtime: Pick<Runtime, "env" | "files">;
  readonly cloud: AzureCloud;
  readonly http: HttpClient;
  /** Of an identity that a user assigned; undefined for the machine's own. */
  readonly client: string | undefined;
  /** Of a request, in milliseconds. */
  readonly timeout: number;
}

const MACHINE = "http://169.254.169.254/metadata/identity/oauth2/token";
const MAX_ANSWER = 1024 * 1024;

/**
 * Tokens of the machine's identity: App Service (IDENTITY_HEADER), Azure Arc (IMDS_ENDPOINT), or the
 * machine's metadata service.
 * Source: Microsoft "Managed identities for Azure resources".
 */
export function managedIdentity({
  runtime: { env, files },
  cloud,
  http,
  client,
  timeout,
}: ManagedIdentityOptions): (signal: AbortSignal) => Promise<string> {
  const endpoint = env["IDENTITY_ENDPOINT"];
  const secret = env["IDENTITY_HEADER"];
  const arc = env["IMDS_ENDPOINT"];

  const ask = (
    url: string,
    version: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ) => {
    const query = new URLSearchParams({
      "api-version": version,
      resource: cloud.management,
      ...(client !== undefined && { client_id: client }),
    });
    return http.request({
      url: `${url}?${query}`,
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
  };

  const answer = async (signal: AbortSignal): Promise<HttpClientResponse> => {
    if (!endpoint) return ask(MACHINE, "2018-02-01", { Metadata: "true" }, signal);
    if (secret) return ask(endpoint, "2019-08-01", { "X-IDENTITY-HEADER": secret }, signal);
    if (!arc) throw new Error("IDENTITY_ENDPOINT is set without IDENTITY_HEADER or IMDS_ENDPOINT");
    // Arc answers with the path of a file that only programs of this machine can read.
    const challenge = await ask(endpoint, "2020-06-01", { Metadata: "true" }, signal);
    await textOf(challenge, MAX_ANSWER);
    const path = /^Basic realm=(\/var\/opt\/azcmagent\/tokens\/[^/]+\.key)$/.exec(
      challenge.headers["www-authenticate"] ?? "",
    )?.[1];
    if (path === undefined) throw new Error("Azure Arc named no file with its key");
    const key = new TextDecoder().decode(await files.read(path));
    return ask(endpoint, "2020-06-01", { Metadata: "true", Authorization: `Basic ${key}` }, signal);
  };

  return keptToken(async (signal) => {
    try {
      const response = await answer(signal);
      const text = await textOf(response, MAX_ANSWER);
      if (response.status !== 200) throw new Error(`it answered ${response.status}`);
      const { access_token: token, expires_in: life } = JSON.parse(text) as Record<string, string>;
      if (!token) throw new Error("it answered without a token");
      return { token, life: 1000 * Number(life ?? 0) };
    } catch (error) {
      signal.throwIfAborted();
      throw new Error(`azuredns: the machine's identity: ${(error as Error).message}`);
    }
  });
}
