/** A response that a cache holds. */
interface Entry {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array<ArrayBuffer> | null;
  /** The request's fields that the response's Vary names, in lower case. */
  readonly varying: readonly (readonly [string, string | null])[];
  /** Milliseconds since 1970 from which it is stale; Infinity where it says nothing of that. */
  readonly until: number;
  readonly bytes: number;
  readonly cache: MemoryCache;
}

/** What the caches of one storage share. */
export interface StoredCache {
  readonly budget: number;
  used: number;
  /** Those used last at the end. */
  readonly order: Map<Entry, true>;
}

/** What an entry takes besides its strings and its body. */
const OVERHEAD = 512;

/**
 * A Cache of the Service Worker standard in memory. What goes beyond the budget takes the place of what
 * was used longest ago. Unlike the standard's, and like those at the edge, it no longer gives what
 * Cache-Control or Expires call stale.
 */
export class MemoryCache {
  private readonly shared: StoredCache;
  private readonly byUrl = new Map<string, Entry[]>();

  constructor(shared: StoredCache) {
    this.shared = shared;
  }

  async match(
    input: Request | string | URL,
    options: CacheQueryOptions = {},
  ): Promise<Response | undefined> {
    const [entry] = this.find(new Request(input), options);
    if (entry === undefined) return undefined;
    const { order } = this.shared;
    order.delete(entry);
    order.set(entry, true);
    return responseOf(entry);
  }

  async matchAll(
    input?: Request | string | URL,
    options: CacheQueryOptions = {},
  ): Promise<Response[]> {
    const entries =
      input === undefined
        ? [...this.byUrl.values()].flat()
        : this.find(new Request(input), options);
    return entries.map(responseOf);
  }

  /** Throws TypeError for what can't be cached: another method than GET, status 206, `Vary: *`, a body beyond the budget. */
  async put(input: Request | string | URL, response: Response): Promise<void> {
    const request = new Request(input);
    if (request.method !== "GET")
      throw new TypeError(`a cache takes answers to GET, found ${request.method}`);
    if (response.status === 206) throw new TypeError("a cache takes no partial content (206)");
    const vary = namesIn(response.headers.get("vary"));
    if (vary.includes("*")) throw new TypeError("a cache takes no response with Vary: *");
    if (response.bodyUsed || response.body?.locked === true)
      throw new TypeError("the response's body was read already");
    const headers = [...response.headers];
    const body = response.body === null ? null : await this.read(response.body);
    const fields = headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    const entry: Entry = {
      url: withoutFragment(request.url),
      status: response.status,
      statusText: response.statusText,
      headers,
      body,
      varying: vary.map((name) => [name, request.headers.get(name)] as const),
      until: staleAt(response.headers, Date.now()),
      bytes: OVERHEAD + 2 * (fields + request.url.length) + (body?.length ?? 0),
      cache: this,
    };
    for (const before of this.find(request, {})) before.cache.remove(before);
    if (entry.bytes > this.shared.budget) return;
    const same = this.byUrl.get(entry.url);
    if (same === undefined) this.byUrl.set(entry.url, [entry]);
    else same.push(entry);
    this.shared.order.set(entry, true);
    this.shared.used += entry.bytes;
    for (const oldest of this.shared.order.keys()) {
      if (this.shared.used <= this.shared.budget) break;
      oldest.cache.remove(oldest);
    }
  }

  async add(input: Request | string | URL): Promise<void> {
    const request = new Request(input);
    const response = await fetch(request.clone());
    if (!response.ok) throw new TypeError(`${request.url} answered ${response.status}`);
    await this.put(request, response);
  }

  async addAll(inputs: readonly (Request | string | URL)[]): Promise<void> {
    await Promise.all(inputs.map((input) => this.add(input)));
  }

  async delete(input: Request | string | URL, options: CacheQueryOptions = {}): Promise<boolean> {
    const entries = this.find(new Request(input), options);
    for (const entry of entries) this.remove(entry);
    return entries.length > 0;
  }

  async keys(): Promise<Request[]> {
    return [...this.byUrl.values()].flat().map(({ url }) => new Request(url));
  }

  clear(): void {
    for (const entry of [...this.byUrl.values()].flat()) this.remove(entry);
  }

  private find(request: Request, options: CacheQueryOptions): Entry[] {
    if (request.method !== "GET" && options.ignoreMethod !== true) return [];
    const url = withoutFragment(request.url);
    const candidates =
      options.ignoreSearch === true
        ? [...this.byUrl]
            .filter(([key]) => withoutSearch(key) === withoutSearch(url))
            .flatMap(([, list]) => list)
        : (this.byUrl.get(url) ?? []);
    const now = Date.now();
    const found: Entry[] = [];
    for (const entry of [...candidates]) {
      if (entry.until <= now) this.remove(entry);
      else if (options.ignoreVary === true || varyMatches(entry, request)) found.push(entry);
    }
    return found;
  }

  private remove(entry: Entry): void {
    if (!this.shared.order.delete(entry)) return;
    this.shared.used -= entry.bytes;
    const left = this.byUrl.get(entry.url)!.filter((other) => other !== entry);
    if (left.length === 0) this.byUrl.delete(entry.url);
    else this.byUrl.set(entry.url, left);
  }

  private async read(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > this.shared.budget)
        throw new TypeError(`the body has more than the ${this.shared.budget} bytes of the cache`);
      chunks.push(chunk);
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}

function responseOf({ status, statusText, headers, body }: Entry): Response {
  return new Response(body, { status, statusText, headers: headers as [string, string][] });
}

function varyMatches({ varying }: Entry, request: Request): boolean {
  return varying.every(([name, value]) => request.headers.get(name) === value);
}

/** RFC 9111 section 4.2.1, as a shared cache reads it. */
function staleAt(headers: Headers, now: number): number {
  const directives = namesIn(headers.get("cache-control"));
  if (directives.includes("no-store")) return now;
  for (const name of ["s-maxage=", "max-age="]) {
    const found = directives.find((directive) => directive.startsWith(name));
    const seconds = found?.slice(name.length).replaceAll('"', "");
    if (seconds !== undefined && /^\d+$/.test(seconds)) return now + Number(seconds) * 1000;
  }
  const expires = headers.get("expires");
  if (expires === null) return Number.POSITIVE_INFINITY;
  const at = Date.parse(expires);
  return Number.isNaN(at) ? now : at;
}

function namesIn(list: string | null): string[] {
  return (list ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
}

function withoutFragment(url: string): string {
  const at = url.indexOf("#");
  return at < 0 ? url : url.slice(0, at);
}

function withoutSearch(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? url : url.slice(0, at);
}
