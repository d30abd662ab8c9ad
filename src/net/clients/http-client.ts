import { concatBytes } from "../../core/bytes.ts";
import type { KeyPair } from "../tls.ts";

/**
 * The control plane's HTTP client: for APIs of engines, stores and authorities, which are asked
 * now and then. Requests of clients never go this way.
 */
export interface HttpClient {
  /**
   * Sends a request. Resolves with the response's head. Rejects with the system's error, or with the
   * signal's reason. Follows no redirect and decodes no body.
   */
  request(request: HttpClientRequest): Promise<HttpClientResponse>;
  /** Idle connections are closed. */
  close(): void;
}

export interface HttpClientOptions {
  /** A unix socket instead of the URL's host. */
  readonly socketPath?: string;
  /** A program, with its arguments, whose input and output are a connection to the server. */
  readonly command?: readonly string[];
  readonly tls?: HttpClientTls;
}

export interface HttpClientTls {
  /** PEM; the system's roots where undefined. */
  readonly ca?: string;
  /** The system's roots besides `ca`. */
  readonly systemRoots?: boolean;
  /** For SNI and for the certificate's check, instead of the URL's host. */
  readonly serverName?: string;
  readonly keyPair?: KeyPair;
  /** False takes any certificate. */
  readonly verify: boolean;
}

export interface HttpClientRequest {
  readonly method?: string;
  /** With http: or https:. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

export interface HttpClientResponse {
  readonly status: number;
  /** By name in lower case; several lines of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** May be read once. Ends with an error where the connection broke off or the signal fired. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * A response's whole body as text. Rejects where it has more than `limit` bytes, of which no more
 * is kept.
 */
export async function textOf(response: HttpClientResponse, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > limit) throw new Error(`the answer has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(concatBytes(chunks));
}

/**
 * The JSON values of a body that has one a line (newline-delimited JSON). Lines may be cut anywhere.
 * Throws where a line has more than `limit` characters or is no JSON.
 */
export async function* jsonLines(
  body: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const line = rest.slice(0, end).trim();
      rest = rest.slice(end + 1);
      if (line !== "") yield JSON.parse(line);
    }
    if (rest.length > limit)
      throw new Error(`a line of the answer has more than ${limit} characters`);
  }
  if (rest.trim() !== "") yield JSON.parse(rest);
}
