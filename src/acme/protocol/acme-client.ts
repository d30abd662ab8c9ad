import { type HttpClient, type HttpClientRequest, textOf } from "../../net/clients/http-client.ts";
import { AcmeError } from "./acme-error.ts";
import { jws, type Signer } from "./jws.ts";
import { retryAfter } from "./retry-after.ts";

export interface AcmeClientOptions {
  /** Of the directory (Traefik's caServer). */
  readonly url: string;
  readonly http: HttpClient;
  /** For a whole answer, in milliseconds. */
  readonly timeout: number;
  /** For an answer's head, in milliseconds. */
  readonly headTimeout: number;
}

/** Where an authority has what (RFC 8555 section 7.1.1). */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  /** RFC 9773; not every authority has it. */
  readonly renewalInfo?: string;
  readonly meta?: {
    readonly termsOfService?: string;
    readonly externalAccountRequired?: boolean;
    /** What each means, by its name (the profiles extension). */
    readonly profiles?: Readonly<Record<string, string>>;
  };
}

export interface AcmeAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A chain has a few kilobytes, an order of a hundred names as many. Bytes. */
const MOST_BYTES = 1024 * 1024;
/** Pebble refuses one in twenty on purpose; six in a row are something else. */
const NONCE_TRIES = 6;
/** Nonces that are kept for the next requests. */
const MOST_NONCES = 32;

/** Speaks ACME's transport (RFC 8555 section 6): the directory, nonces and signed requests. */
export class AcmeClient {
  private readonly options: AcmeClientOptions;
  private readonly nonces: string[] = [];
  private known: Promise<Directory> | undefined;

  constructor(options: AcmeClientOptions) {
    this.options = options;
  }

  /** Rejects where the authority can't be reached, or answers something else; it is asked again then. */
  directory(): Promise<Directory> {
    const { url } = this.options;
    this.known ??= this.get(url).then(({ text }) => {
      const directory = json(url, text) as Partial<Directory> | null;
      for (const name of ["newNonce", "newAccount", "newOrder"] as const) {
        if (typeof directory?.[name] !== "string")
          throw new Error(`${url}: expected an ACME directory with "${name}", found none`);
      }
      return directory as Directory;
    });
    this.known.catch(() => {
      this.known = undefined;
    });
    return this.known;
  }

  /** Rejects with an AcmeError for a status above 299. */
  async get(url: string, signal?: AbortSignal): Promise<AcmeAnswer> {
    return this.checked(url, await this.send({ url }, signal));
  }

  /**
   * A signed request; without a payload it reads (POST-as-GET). Rejects with an AcmeError for a status
   * above 299. A nonce that isn't taken is replaced (section 6.5).
   */
  async post(
    url: string,
    signer: Signer,
    payload?: unknown,
    signal?: AbortSignal,
  ): Promise<AcmeAnswer> {
    const text = payload === undefined ? "" : JSON.stringify(payload);
    for (let tries = 1; ; tries++) {
      const nonce = this.nonces.pop() ?? (await this.newNonce(signal));
      const answer = await this.send(
        {
          url,
          method: "POST",
          headers: { "Content-Type": "application/jose+json" },
          body: await jws(signer, { nonce, url }, text),
        },
        signal,
      );
      try {
        return this.checked(url, answer);
      } catch (error) {
        const wrongNonce = error instanceof AcmeError && error.type === "badNonce";
        if (!wrongNonce || tries === NONCE_TRIES) throw error;
      }
    }
  }

  private async newNonce(signal?: AbortSignal): Promise<string> {
    const { newNonce: url } = await this.directory();
    this.checked(url, await this.send({ url, method: "HEAD" }, signal));
    const nonce = this.nonces.pop();
    if (nonce === undefined) throw new Error(`${url}: expected a nonce, found none`);
    return nonce;
  }

  private async send(request: HttpClientRequest, stop?: AbortSignal): Promise<AcmeAnswer> {
    const { http, timeout, headTimeout } = this.options;
    const head = new AbortController();
    const timer = setTimeout(
      () => head.abort(new Error(`${request.url} did not answer within ${headTimeout} ms`)),
      headTimeout,
    );
    const whole = AbortSignal.timeout(timeout);
    const signal = AbortSignal.any([head.signal, whole, ...(stop === undefined ? [] : [stop])]);
    try {
      const response = await http.request({ ...request, signal });
      clearTimeout(timer);
      const text = await textOf(response, MOST_BYTES);
      const nonce = response.headers["replay-nonce"];
      if (nonce !== undefined && /^[A-Za-z0-9_-]{1,512}$/.test(nonce)) {
        if (this.nonces.length >= MOST_NONCES) this.nonces.shift();
        this.nonces.push(nonce);
      }
      return { status: response.status, headers: response.headers, text };
    } catch (error) {
      if (whole.aborted) throw new Error(`${request.url} did not answer within ${timeout} ms`);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private checked(url: string, answer: AcmeAnswer): AcmeAnswer {
    const { status, headers, text } = answer;
    if (status >= 200 && status < 300) return answer;
    let problem: unknown;
    try {
      problem = JSON.parse(text);
    } catch {
      problem = { detail: text.slice(0, 200) };
    }
    throw AcmeError.of(url, status, problem, retryAfter(headers["retry-after"]));
  }
}

/** Throws an Error that names the URL where the text isn't JSON. */
export function json(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${url}: expected JSON, found ${JSON.stringify(text.slice(0, 60))}`);
  }
}
