import { request as httpsRequest } from "node:https";
import { makeCertificate } from "../certificates.ts";
import type { Pebble } from "./pebble.ts";

/** How a request is refused instead of being passed on. */
export interface Refusal {
  /** Of the requests that it concerns, "POST /order-plz" for example. */
  readonly matches: RegExp;
  readonly status: 429 | 503;
  /** Seconds, or a date. */
  readonly retryAfter: string;
  /** How many of them. */
  times: number;
}

/** Pebble has no limits: this stands before one, and has some. */
export class BusyAuthority implements Disposable {
  /** Of its directory. */
  readonly url: string;
  /** PEM: who signed its own certificate. */
  readonly ca: string;
  /** What came, in order, whether it was refused here, and how it was answered. */
  readonly seen: { what: string; at: number; refused: boolean; status: number }[] = [];
  private readonly server: ReturnType<typeof Bun.serve>;
  private readonly pebble: Pebble;
  private readonly refusals: Refusal[] = [];

  constructor(pebble: Pebble) {
    this.pebble = pebble;
    const { certificate: cert, key } = makeCertificate({ names: ["IP:127.0.0.1"] });
    this.ca = cert;
    this.server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { cert, key },
      fetch: (request) => this.answer(request),
    });
    this.url = `https://127.0.0.1:${this.server.port}/dir`;
  }

  refuse(refusal: Refusal): void {
    this.refusals.push(refusal);
  }

  private async answer(request: Request): Promise<Response> {
    const what = `${request.method} ${new URL(request.url).pathname}`;
    const refusal = this.refusals.find(({ matches, times }) => times > 0 && matches.test(what));
    const entry = { what, at: Date.now(), refused: refusal !== undefined, status: 0 };
    this.seen.push(entry);
    if (refusal === undefined) {
      const response = await this.pass(request);
      entry.status = response.status;
      return response;
    }
    entry.status = refusal.status;
    refusal.times--;
    const problem = {
      type: `urn:ietf:params:acme:error:${refusal.status === 429 ? "rateLimited" : "serverInternal"}`,
      detail: refusal.status === 429 ? "too many of them" : "come again",
    };
    return Response.json(problem, {
      status: refusal.status,
      headers: {
        "content-type": "application/problem+json",
        "retry-after": refusal.retryAfter,
      },
    });
  }

  /** Pebble's URLs have the name by which it was asked. */
  private async pass(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const body = Buffer.from(await request.arrayBuffer());
    return new Promise((resolve, reject) => {
      const { port } = new URL(this.pebble.url);
      const headers = {
        ...Object.fromEntries(request.headers),
        host: `127.0.0.1:${this.server.port}`,
      };
      const options = { host: "127.0.0.1", port, path: pathname, ca: this.pebble.ca, headers };
      const passed = httpsRequest({ ...options, method: request.method }, async (response) => {
        const chunks = await Array.fromAsync(response as AsyncIterable<Buffer>);
        const fields = Object.entries(response.headers).map(([name, value]): [string, string] => [
          name,
          String(value),
        ]);
        const text = chunks.length === 0 ? null : Buffer.concat(chunks);
        resolve(new Response(text, { status: response.statusCode!, headers: fields }));
      });
      passed.on("error", reject);
      passed.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.server.stop(true);
  }
}
