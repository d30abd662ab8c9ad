import type { HttpClient } from "../../../net/clients/http-client.ts";
import { ApiClient } from "./api-client.ts";
import { jsonField } from "./json-field.ts";

export interface OauthOptions {
  /** The provider's, with which errors begin. */
  readonly name: string;
  /** Of the token endpoint. */
  readonly url: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly secrets: readonly string[];
  /** What is sent; made anew for each token. */
  form(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  readonly http: HttpClient;
}

/** How long before its end a token is got anew, in milliseconds. */
const MARGIN = 60_000;

/**
 * Gets access tokens of OAuth 2 (RFC 6749 section 5.1), one at a time, and keeps each until shortly
 * before its end. Rejects with what the endpoint says (section 5.2).
 */
export function oauthToken(options: OauthOptions): (signal: AbortSignal) => Promise<string> {
  const { name, url, timeout, secrets, http } = options;
  const client = new ApiClient(
    {
      name,
      baseUrl: url,
      timeout,
      secrets,
      explain: ({ text }) =>
        jsonField(text, "error_description") ?? jsonField(text, "error") ?? undefined,
    },
    http,
  );
  return keptToken(async (signal) => {
    const answer = await client.json<{
      readonly access_token?: string;
      readonly expires_in?: number | string;
    }>("POST", "", { signal, form: await options.form(signal) });
    if (typeof answer?.access_token !== "string" || answer.access_token === "")
      throw new Error(`${name}: POST ${url}: expected an access_token, found none`);
    return { token: answer.access_token, life: 1000 * Number(answer.expires_in ?? 0) };
  });
}

/** Keeps what `get` gets for its life, in milliseconds. */
export function keptToken(
  get: (signal: AbortSignal) => Promise<{ readonly token: string; readonly life: number }>,
): (signal: AbortSignal) => Promise<string> {
  let kept: { readonly token: string; readonly until: number } | undefined;
  return async (signal) => {
    if (kept !== undefined && kept.until > performance.now()) return kept.token;
    const { token, life } = await get(signal);
    kept = { token, until: performance.now() + life - MARGIN };
    return token;
  };
}
