import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import { messageOf } from "../../../../core/errors.ts";
import { Exchange, NO_DOWNSTREAM } from "../../../../http/exchange.ts";
import { LazyRequest } from "../../../../http/lazy/lazy-request.ts";
import { HeaderList } from "../../../../wire/header-list.ts";
import type { HttpMiddlewareContext, MiddlewareClient } from "../../http-middleware.ts";
import { isAllowing, Question } from "../forward/question.ts";

/** Bytes of a key set. */
const MOST = 1024 * 1024;
/** A key set is fetched anew when it is so old, in milliseconds. */
const LIFETIME = 10 * 60_000;
/** After a fetch, one for a key that isn't in the set, or behind a failure, waits so long. */
const PAUSE = 30_000;

/** Keys to verify tokens with. */
export interface KeySet {
  /** Null where there are no keys yet. `anew`: the last ones lack a token's key. */
  keys(anew: boolean): Promise<JWTVerifyGetKey | null>;
}

/** A key set (RFC 7517) that a server has. It is fetched when the first token comes, and kept as long as it works. */
export class RemoteKeySet implements KeySet {
  private readonly url: URL;
  private readonly server: MiddlewareClient;
  private readonly context: Pick<HttpMiddlewareContext, "deadlines" | "logger">;
  private readonly clock: () => number;
  private current: JWTVerifyGetKey | null = null;
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private triedAt = Number.NEGATIVE_INFINITY;
  private underWay: Promise<void> | null = null;

  constructor(
    url: URL,
    server: MiddlewareClient,
    context: Pick<HttpMiddlewareContext, "deadlines" | "logger">,
    clock = () => performance.now(),
  ) {
    this.url = url;
    this.server = server;
    this.context = context;
    this.clock = clock;
  }

  async keys(anew: boolean): Promise<JWTVerifyGetKey | null> {
    const now = this.clock();
    const wanted = this.current === null || anew || now - this.fetchedAt >= LIFETIME;
    if (this.underWay !== null) {
      // Those that are there serve meanwhile.
      if (this.current === null || anew) await this.underWay;
    } else if (wanted && now - this.triedAt >= PAUSE) {
      this.triedAt = now;
      this.underWay = this.fetch().finally(() => {
        this.underWay = null;
      });
      if (this.current === null || anew) await this.underWay;
    }
    return this.current;
  }

  /** Never rejects. */
  private async fetch(): Promise<void> {
    const { url, server, context } = this;
    try {
      const exchange = new Exchange(NO_DOWNSTREAM);
      const side = new Exchange(NO_DOWNSTREAM);
      const { host, protocol, pathname, search } = url;
      const headers = HeaderList.from([["Accept", "application/json"]]);
      const scheme = protocol.slice(0, -1);
      const request = new LazyRequest(side, "GET", scheme, host, pathname + search, headers, null);
      const question = new Question(side, exchange, context.deadlines);
      const { response, body } = await question.ask(server.handler, request, MOST, true);
      if (!isAllowing(response.status)) throw new Error(`the answer was ${response.status}`);
      if (body === null) throw new Error(`expected ${MOST} bytes at the most`);
      this.current = await keySetOf(new TextDecoder().decode(body));
      this.fetchedAt = this.clock();
    } catch (error) {
      context.logger.error("The keys of tokens can't be fetched", {
        url: url.origin + url.pathname,
        error: messageOf(error),
      });
    }
  }
}

/** Keys that the configuration has. */
export class FixedKeySet implements KeySet {
  private readonly found: JWTVerifyGetKey;

  constructor(found: JWTVerifyGetKey) {
    this.found = found;
  }

  async keys(): Promise<JWTVerifyGetKey> {
    return this.found;
  }
}

/** The keys of a JSON Web Key Set. Rejects where the text is none. */
export async function keySetOf(text: string): Promise<JWTVerifyGetKey> {
  const { createLocalJWKSet } = await import("jose");
  let set: JSONWebKeySet;
  try {
    set = JSON.parse(text) as JSONWebKeySet;
  } catch {
    throw new Error("expected a JSON Web Key Set, found no JSON");
  }
  return createLocalJWKSet(set);
}
