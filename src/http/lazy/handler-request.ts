import { HIDDEN_HEADERS } from "./lazy-headers.ts";
import type { LazyRequest } from "./lazy-request.ts";

/** What console.log asks an object for, on Bun, Node and Deno. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/**
 * What a handler's request is to the platform beneath: an object of the platform's own. Bun's `new
 * Request(request, init)` reads such a one as a request, whatever its class, and takes from it what the
 * init leaves out; a plain object's method would be GET. Of these classes TextDecoder's are the cheapest,
 * and no function takes one for anything else.
 */
const PlatformObject = TextDecoder as unknown as new () => object;

/** It is one to the compiler too: `Request.prototype` is above its own. */
export interface HandlerRequest extends Request {}

/**
 * A lazy request as modules get it: a Request and nothing else. It has no property of its own, so that
 * JSON, spreading, structuredClone and logs show neither what Sluice notes nor what a client keeps secret.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: what it doesn't define it inherits at run time.
export class HandlerRequest extends PlatformObject {
  readonly #lazy: LazyRequest;

  constructor(lazy: LazyRequest) {
    super();
    this.#lazy = lazy;
  }

  /** The platform's own Request, for what only that one has; the body goes with it. */
  static nativeOf(request: HandlerRequest): Request {
    return request.#lazy.native();
  }

  get method(): string {
    return this.#lazy.method;
  }
  get url(): string {
    return this.#lazy.url;
  }
  get headers(): Headers {
    return this.#lazy.headers;
  }
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#lazy.body;
  }
  get bodyUsed(): boolean {
    return this.#lazy.bodyUsed;
  }
  get signal(): AbortSignal {
    return this.#lazy.signal;
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#lazy.bytes();
  }
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#lazy.arrayBuffer();
  }
  text(): Promise<string> {
    return this.#lazy.text();
  }
  json(): Promise<unknown> {
    return this.#lazy.json();
  }
  blob(): Promise<Blob> {
    return this.#lazy.blob();
  }
  formData(): Promise<FormData> {
    return this.#lazy.formData();
  }
  clone(): Request {
    return this.#lazy.clone();
  }

  get cache(): RequestCache {
    return this.#lazy.cache;
  }
  get credentials(): RequestCredentials {
    return this.#lazy.credentials;
  }
  get destination(): RequestDestination {
    return this.#lazy.destination;
  }
  get duplex(): "half" {
    return "half";
  }
  get integrity(): string {
    return this.#lazy.integrity;
  }
  get keepalive(): boolean {
    return this.#lazy.keepalive;
  }
  get mode(): RequestMode {
    return this.#lazy.mode;
  }
  get redirect(): RequestRedirect {
    return this.#lazy.redirect;
  }
  get referrer(): string {
    return this.#lazy.referrer;
  }
  get referrerPolicy(): ReferrerPolicy {
    return this.#lazy.referrerPolicy;
  }

  /** For logs: secrets are named, not shown. */
  [INSPECT](): object {
    const headers: Record<string, string> = {};
    for (const [name, value] of this.#lazy.headers)
      headers[name] = HIDDEN_HEADERS.has(name) ? "REDACTED" : value;
    return { method: this.method, url: this.url, headers };
  }
}

/** What a platform's Request has beyond the standard (Bun's `textStream`) is the platform's; all of it is seen by `for in`. */
function complete(prototype: HandlerRequest): void {
  for (const [name, { get, value, enumerable }] of Object.entries(
    Object.getOwnPropertyDescriptors(Request.prototype),
  )) {
    const own = Object.getOwnPropertyDescriptor(prototype, name);
    if (own !== undefined) Object.defineProperty(prototype, name, { ...own, enumerable });
    else if (typeof value === "function") {
      const method = function (this: HandlerRequest, ...args: unknown[]): unknown {
        return value.apply(HandlerRequest.nativeOf(this), args);
      };
      Object.defineProperty(prototype, name, { value: method, enumerable });
    } else if (get !== undefined) {
      const getter = function (this: HandlerRequest): unknown {
        return get.call(HandlerRequest.nativeOf(this));
      };
      Object.defineProperty(prototype, name, { get: getter, enumerable });
    }
  }
}

Object.setPrototypeOf(HandlerRequest.prototype, Request.prototype);
Object.defineProperty(HandlerRequest.prototype, "constructor", { value: Request });
complete(HandlerRequest.prototype);
