import { LocalCounters } from "../../../../../src/core/counters/counters.ts";
import { Body } from "../../../../../src/http/body.ts";
import type { Exchange } from "../../../../../src/http/exchange.ts";
import type { Handler } from "../../../../../src/http/handler.ts";
import type { LazyRequest } from "../../../../../src/http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { cache } from "../../../../../src/middlewares/http/cache/cache.ts";
import type {
  HttpMiddleware,
  HttpMiddlewareContext,
  HttpMiddlewareOptions,
} from "../../../../../src/middlewares/http/http-middleware.ts";
import { HeaderList } from "../../../../../src/wire/header-list.ts";
import { type MadeRequest, makeRequest } from "../../../../support/http/make-request.ts";
import { middlewareContext } from "../apply.ts";

export type Fields = readonly (readonly [string, string])[];

/** What a client of the cache gets. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly header: (name: string) => string | null;
}

/** A cache before a handler that a test writes, at a time that the test says. */
export class CacheScene {
  /** Milliseconds. */
  time = 1_000_000;
  /** Requests that came to the server. */
  readonly asked: LazyRequest[] = [];
  /** What the server answers. */
  answer: Handler = () => ok("body");
  readonly counters: LocalCounters;
  readonly middleware: HttpMiddleware;
  private readonly handler: Handler;

  private constructor(middleware: HttpMiddleware, counters: LocalCounters) {
    this.middleware = middleware;
    this.counters = counters;
    this.handler = middleware.middleware((request, exchange) => {
      this.asked.push(request as unknown as LazyRequest);
      return this.answer(request, exchange);
    });
  }

  static async of(
    options: HttpMiddlewareOptions<"cache"> = {},
    given: Partial<HttpMiddlewareContext> = {},
  ): Promise<CacheScene> {
    let scene: CacheScene | undefined;
    const counters =
      (given.counters as LocalCounters) ?? new LocalCounters(() => scene?.time ?? 1_000_000);
    const context = middlewareContext({ ...given, counters });
    const made = await cache.create(options, context, { fingerprint: null });
    scene = new CacheScene(made, counters);
    return scene;
  }

  /** Another worker of the same process. */
  beside(options: HttpMiddlewareOptions<"cache"> = {}): Promise<CacheScene> {
    return CacheScene.of(options, { counters: this.counters });
  }

  pass(seconds: number): void {
    this.time += seconds * 1000;
  }

  begin(made: MadeRequest & { router?: string } = {}): {
    exchange: Exchange;
    response: Response | Promise<Response>;
  } {
    const { request, exchange } = makeRequest(made);
    exchange.router = made.router ?? "all@file";
    return { exchange, response: this.handler(request, exchange) };
  }

  async ask(made: MadeRequest & { router?: string } = {}): Promise<Answer> {
    const { exchange, response } = this.begin(made);
    const answer = await read(await response);
    exchange.finish();
    return answer;
  }

  get(target = "/", headers: Fields = []): Promise<Answer> {
    return this.ask({ target, headers });
  }

  /** Cache-Status of an answer to a GET, without the cache's name and the time to live. */
  async status(target = "/", headers: Fields = []): Promise<string> {
    const status = (await this.get(target, headers)).header("cache-status") ?? "";
    return status.replace("Sluice; ", "").replace(/; ttl=.*/, "");
  }
}

export async function read(response: Response): Promise<Answer> {
  const { status, headerList } = LazyResponse.of(response);
  const body = LazyResponse.of(response).takeBody();
  const bytes = body === null ? new Uint8Array(0) : await body.bytes();
  return {
    status,
    text: new TextDecoder().decode(bytes),
    header: (name) => headerList.get(name),
  };
}

export function answering(status: number, fields: Fields, text = ""): LazyResponse {
  const body = text === "" ? null : Body.of(new TextEncoder().encode(text));
  return new LazyResponse(status, HeaderList.from(fields), body);
}

/** Fresh for a minute, unless other fields are given. */
export function ok(text: string, fields: Fields = [["Cache-Control", "max-age=60"]]): LazyResponse {
  return answering(200, fields, text);
}
