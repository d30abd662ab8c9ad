import { messageOf } from "../../../core/errors.ts";
import { pause } from "../../../core/loop/pause.ts";
import {
  type HttpClient,
  type HttpClientResponse,
  textOf,
} from "../../../net/clients/http-client.ts";
import { withoutSecrets } from "../../../net/clients/without-secrets.ts";

export interface ApiOptions {
  /** The provider's, with which its errors begin. */
  readonly name: string;
  /** Paths are put behind it. */
  readonly baseUrl: string;
  /** Of one request with its answer, in milliseconds. */
  readonly timeout: number;
  /** Never shown, neither plain nor encoded. */
  readonly secrets: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Fields that depend on the request: a signature, or a token that has to be got first. */
  authorize?(request: ApiRequest, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** What an error's body says in the service's own form; undefined where it isn't of that form. */
  explain?(answer: ApiAnswer): string | undefined;
}

export interface ApiRequest {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly body: string;
}

export interface ApiCall {
  readonly signal: AbortSignal;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** One of three bodies. */
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** The service refused, or failed. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Bytes of an answer: a zone of a few thousand records. */
const MAX_ANSWER = 16 * 1024 * 1024;

/** Characters of an error's body that are shown. */
const SHOWN = 300;

/** How often a request is sent that the service puts off, and how long it may ask for, in milliseconds. */
const MAX_TRIES = 4;
const MAX_WAIT = 60_000;

/** A service's HTTP interface. Requests that it puts off (429, or 503 with Retry-After) are sent again. */
export class ApiClient {
  private readonly options: ApiOptions;
  private readonly client: HttpClient;

  constructor(options: ApiOptions, client: HttpClient) {
    this.options = options;
    this.client = client;
  }

  /** The answer's JSON; undefined where it has none. Rejects as `send` does. */
  async json<T>(method: string, path: string, call: ApiCall): Promise<T> {
    const { text } = await this.send(method, path, call);
    if (text.trim() === "") return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw this.failure(method, path, `expected JSON, found ${this.shown(text)}`);
    }
  }

  /**
   * Rejects with an ApiError that holds what the service said where it answers with anything but
   * success, and with an Error where it can't be reached. Neither shows a secret.
   */
  async send(method: string, path: string, call: ApiCall): Promise<ApiAnswer> {
    for (let left = MAX_TRIES - 1; ; left--) {
      const { response, text } = await this.once(method, path, call);
      const { status } = response;
      if (status >= 200 && status < 300) return { status, text };
      const wait = waitOf(response, MAX_TRIES - 1 - left);
      if (wait === undefined || wait > MAX_WAIT || left === 0) {
        const more = wait === undefined ? "" : " (its rate limit: try again later)";
        const said = this.options.explain?.({ status, text }) ?? this.shown(text);
        throw new ApiError(
          status,
          this.failure(method, path, `${status}${more}: ${said.slice(0, 4 * SHOWN)}`).message,
        );
      }
      await pause(wait, call.signal);
    }
  }

  /** A text of the service's without the secrets that may be in it. */
  withoutSecrets(text: string): string {
    return withoutSecrets(text, this.options.secrets);
  }

  private async once(
    method: string,
    path: string,
    { signal, query, headers, json, form, body: given }: ApiCall,
  ): Promise<{ response: HttpClientResponse; text: string }> {
    signal.throwIfAborted();
    const { baseUrl, timeout, authorize } = this.options;
    const search = query === undefined ? "" : `?${new URLSearchParams(query)}`;
    const url = `${baseUrl.replace(/\/$/, "")}${path}${search}`;
    const body =
      json !== undefined
        ? JSON.stringify(json)
        : form !== undefined
          ? new URLSearchParams(form).toString()
          : (given ?? "");
    const end = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    try {
      const response = await this.client.request({
        method,
        url,
        headers: {
          Accept: "application/json",
          ...(json !== undefined && { "Content-Type": "application/json" }),
          ...(form !== undefined && { "Content-Type": "application/x-www-form-urlencoded" }),
          ...this.options.headers,
          ...(await authorize?.({ method, url, body }, end)),
          ...headers,
          ...((body !== "" || method !== "GET") && {
            "Content-Length": String(new TextEncoder().encode(body).length),
          }),
        },
        ...(body !== "" && { body }),
        signal: end,
      });
      return { response, text: await textOf(response, MAX_ANSWER) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiError) throw error;
      const why = end.aborted ? `no answer within ${timeout / 1000} s` : messageOf(error);
      throw this.failure(method, path, why);
    }
  }

  private failure(method: string, path: string, why: string): Error {
    const { name, baseUrl } = this.options;
    const place = `${baseUrl.replace(/\/$/, "")}${path}`;
    return new Error(this.withoutSecrets(`${name}: ${method} ${place}: ${why}`));
  }

  private shown(text: string): string {
    const one = text.replace(/\s+/g, " ").trim();
    return one === "" ? "no explanation" : one.slice(0, SHOWN);
  }
}

/** How long a service asks to wait, in milliseconds; undefined where it doesn't. */
function waitOf({ status, headers }: HttpClientResponse, tried: number): number | undefined {
  const text = headers["retry-after"];
  if (status !== 429 && !(status === 503 && text !== undefined)) return undefined;
  if (text !== undefined && /^\d{1,6}$/.test(text)) return Number(text) * 1000;
  const date = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(date) ? 1000 * 2 ** tried : Math.max(0, date - Date.now());
}

/** Segments of a path, encoded, with a "/" before each. */
export function pathOf(...segments: readonly (string | number)[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join("");
}
