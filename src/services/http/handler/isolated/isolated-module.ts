import { messageOf } from "../../../../core/errors.ts";
import type { Background } from "../background.ts";
import { ensureCaches } from "../cache-storage.ts";
import { fetchOf, type ModuleFetch } from "../fetch-handler.ts";
import { HandlerEnvironment, type Sockets } from "../handler-environment.ts";
import { CLIENT_FIELD, type IsolatedClient, PING, readClientField } from "./client-field.ts";

/** What the platform's own server brings. */
export interface IsolatedPlatform {
  /** The request as the function is to see it: with that scheme, and without the router's field. */
  readonly shown: (request: Request, scheme: string) => Request;
  /** What a request becomes a WebSocket by. */
  readonly sockets: (request: Request) => Sockets;
  /** True where the request is a WebSocket now and needs no response. */
  readonly upgraded: (request: Request) => boolean;
  /** Writes a line for the router's log. */
  readonly complain: (line: string) => void;
}

export interface IsolatedModuleOptions {
  /** What errors call the module: its path as configured. */
  readonly name: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly background: Background;
  readonly platform: IsolatedPlatform;
}

/** The third argument of `fetch` in a process of its own. */
class IsolatedContext {
  readonly #background: Background;
  readonly #failed: (error: unknown) => void;

  constructor(background: Background, failed: (error: unknown) => void) {
    this.#background = background;
    this.#failed = failed;
  }

  waitUntil(work: Promise<unknown>): void {
    this.#background.add(Promise.resolve(work).catch(this.#failed));
  }

  passThroughOnException(): void {}
}

/**
 * A module in a process of its own, behind the platform's server. It answers the supervisor's pings from the
 * beginning: 503 while the module is being loaded, 500 with the reason where it can't be, else 200.
 */
export class IsolatedModule {
  private readonly options: IsolatedModuleOptions;
  private readonly context: IsolatedContext;
  private fetch: ModuleFetch | undefined;
  private failure: string | undefined;

  constructor(options: IsolatedModuleOptions) {
    this.options = options;
    const { complain } = options.platform;
    this.context = new IsolatedContext(options.background, (error) =>
      complain(`Work that a module left behind failed: ${stackOf(error)}`),
    );
  }

  /** Resolves with the module, or with undefined where there is none; never rejects. */
  async load(importModule: () => Promise<unknown>): Promise<unknown> {
    ensureCaches();
    try {
      const module = await importModule();
      this.fetch = fetchOf(module, this.options.name);
      return module;
    } catch (error) {
      this.failure = messageOf(error);
      return undefined;
    }
  }

  /** Answers a request of the platform's server; undefined where it became a WebSocket. */
  answer(request: Request): Response | undefined | Promise<Response | undefined> {
    const field = request.headers.get(CLIENT_FIELD);
    if (field === PING) return this.pong();
    const client = readClientField(field);
    const { fetch } = this;
    if (client === undefined || fetch === undefined) return new Response(null, { status: 503 });
    try {
      const result = this.call(fetch, request, client);
      if (result instanceof Response) return result;
      return Promise.resolve(result).then(
        (later) => this.checked(later, request),
        (error: unknown) => this.failed(error),
      );
    } catch (error) {
      return this.failed(error);
    }
  }

  private call(fetch: ModuleFetch, request: Request, client: IsolatedClient): unknown {
    const { platform, variables } = this.options;
    const environment = new HandlerEnvironment(
      { downstream: client },
      variables,
      platform.sockets(request),
    );
    return fetch(platform.shown(request, client.scheme), environment, this.context);
  }

  private checked(result: unknown, request: Request): Response | undefined {
    if (result instanceof Response && result.status !== 0) return result;
    if (this.options.platform.upgraded(request)) return undefined;
    return this.failed(new TypeError(`fetch gave ${String(result)}, expected a Response`));
  }

  private failed(error: unknown): Response {
    const { platform, name } = this.options;
    platform.complain(`module ${name}: ${stackOf(error)}`);
    return new Response("Internal Server Error", { status: 500 });
  }

  private pong(): Response {
    if (this.failure !== undefined) return new Response(this.failure, { status: 500 });
    return new Response(null, { status: this.fetch === undefined ? 503 : 200 });
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
}
