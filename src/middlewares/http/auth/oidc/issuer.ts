import type { ClientAuth, Configuration } from "openid-client";
import { messageOf } from "../../../../core/errors.ts";
import { Body } from "../../../../http/body.ts";
import { Exchange, NO_DOWNSTREAM } from "../../../../http/exchange.ts";
import { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { HeaderList } from "../../../../wire/header-list.ts";
import type { HttpMiddlewareContext, MiddlewareClient } from "../../http-middleware.ts";
import { Question } from "../forward/question.ts";

/** Bytes of an answer of the issuer's. */
const MOST = 1024 * 1024;
/** Behind a discovery that failed the next one waits so long, in milliseconds. */
const PAUSE = 5_000;
/** What was discovered is asked for again when it is so old, in milliseconds. */
const LIFETIME = 60 * 60_000;

export interface IssuerOptions {
  readonly issuer: URL;
  readonly clientId: string;
  /** "" for a public client. */
  readonly clientSecret: string;
  /** Seconds. */
  readonly clockTolerance: number;
}

type Client = (url: string) => Promise<MiddlewareClient>;
type Context = Pick<HttpMiddlewareContext, "deadlines" | "logger">;

/** The issuer of tokens: what it says of itself, and requests to it. */
export class Issuer {
  private readonly options: IssuerOptions;
  private readonly client: Client;
  private readonly context: Context;
  private readonly clock: () => number;
  private readonly clients = new Map<string, Promise<MiddlewareClient>>();
  private current: Configuration | null = null;
  private foundAt = Number.NEGATIVE_INFINITY;
  private triedAt = Number.NEGATIVE_INFINITY;
  private underWay: Promise<void> | null = null;
  private away = false;

  constructor(
    options: IssuerOptions,
    client: Client,
    context: Context,
    clock = () => performance.now(),
  ) {
    this.options = options;
    this.client = client;
    this.context = context;
    this.clock = clock;
  }

  /** What openid-client goes by; null where the issuer can't be asked now. Never rejects. */
  async configuration(): Promise<Configuration | null> {
    const now = this.clock();
    if (this.underWay === null) {
      const wanted = this.current === null || now - this.foundAt >= LIFETIME;
      if (!wanted || now - this.triedAt < PAUSE) return this.current;
      this.triedAt = now;
      this.underWay = this.discover().finally(() => {
        this.underWay = null;
      });
    }
    // What was found before serves meanwhile.
    if (this.current === null) await this.underWay;
    return this.current;
  }

  /** Says once that the issuer can't be asked, or gives no usable answers. */
  failed(error: unknown): void {
    const { logger } = this.context;
    const about = { issuer: this.options.issuer.href, error: reasonOf(error) };
    if (this.away) {
      logger.debug("The issuer can't be asked", about);
      return;
    }
    this.away = true;
    logger.error("The issuer can't be asked: no user can log in until it answers", about);
  }

  /** It has given a good answer. */
  answered(): void {
    if (!this.away) return;
    this.away = false;
    this.context.logger.info("The issuer answers again", { issuer: this.options.issuer.href });
  }

  private async discover(): Promise<void> {
    const { issuer, clientId, clientSecret, clockTolerance } = this.options;
    try {
      const openid = await import("openid-client");
      const insecure = issuer.protocol === "http:" ? [openid.allowInsecureRequests] : [];
      this.current = await openid.discovery(
        issuer,
        clientId,
        { [openid.clockTolerance]: clockTolerance },
        authentication(openid, clientSecret),
        {
          [openid.customFetch]: (url, init) => this.fetch(url, init),
          // The token's signature is looked at even where TLS has vouched for it.
          execute: [openid.enableNonRepudiationChecks, ...insecure],
        },
      );
      this.foundAt = this.clock();
      this.answered();
    } catch (error) {
      this.failed(error);
    }
  }

  /** One request of openid-client's. No redirect is followed, and no answer is larger than a mebibyte. */
  private async fetch(
    address: string,
    init: {
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: unknown;
    },
  ): Promise<Response> {
    const url = new URL(address);
    let client = this.clients.get(url.origin);
    if (client === undefined) {
      client = this.client(url.origin);
      this.clients.set(url.origin, client);
      client.catch(() => this.clients.delete(url.origin));
    }
    const { handler } = await client;
    const side = new Exchange(NO_DOWNSTREAM);
    const { host, protocol, pathname, search } = url;
    const request = new LazyRequest(
      side,
      init.method,
      protocol.slice(0, -1),
      host,
      pathname + search,
      HeaderList.from(Object.entries(init.headers)),
      bodyOf(init.body),
    );
    const question = new Question(side, new Exchange(NO_DOWNSTREAM), this.context.deadlines);
    const { response, body } = await question.ask(handler, request, MOST, true);
    if (body === null) throw new Error(`${url.pathname}: expected ${MOST} bytes at the most`);
    const { status, headerList } = response;
    const bodyless = status === 204 || status === 205 || status === 304;
    return new Response(bodyless ? null : body.slice(), {
      status,
      headers: [...headerList.entries()],
    });
  }
}

/** In the Authorization header where the issuer takes it there, as it does where it doesn't say (RFC 8414 section 2). */
function authentication(openid: typeof import("openid-client"), secret: string): ClientAuth {
  if (secret === "") return openid.None();
  const [basic, post] = [openid.ClientSecretBasic(secret), openid.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported;
    const takesBasic = methods === undefined || methods.includes("client_secret_basic");
    (takesBasic ? basic : post)(server, client, body, headers);
  };
}

function bodyOf(body: unknown): Body | null {
  if (body === undefined || body === null) return null;
  if (typeof body === "string" || body instanceof URLSearchParams)
    return Body.of(new TextEncoder().encode(String(body)));
  throw new TypeError("expected a body of text");
}

/** An error's message, with what caused it: openid-client says there what was wrong. */
export function reasonOf(error: unknown): string {
  const cause = (error as { cause?: unknown } | null)?.cause;
  const inner = cause instanceof Error ? `: ${messageOf(cause)}` : "";
  return messageOf(error) + inner;
}
