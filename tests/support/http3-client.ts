import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { FileSink, Subprocess } from "bun";
import { toolPath } from "../../scripts/tool-path.ts";
import { waitFor } from "./wait-for.ts";

const SOURCE = join(import.meta.dirname, "http3-client");

export type Field = readonly [name: string, value: string];

/** What the client's program says; which of it, main.go knows. Absent is empty. */
export interface Http3Event {
  readonly id: number;
  readonly event: "connected" | "closed" | "head" | "end" | "failed";
  readonly error?: string;
  /** QUIC's or HTTP/3's error code, where the server gave one. */
  readonly code?: number;
  /** Common name of the server's certificate. */
  readonly subject?: string;
  readonly cipher?: string;
  readonly protocol?: string;
  readonly status?: number;
  readonly fields?: Readonly<Record<string, string[]>>;
  readonly trailers?: Readonly<Record<string, string[]>>;
  readonly interim?: string[];
  readonly length?: number;
  readonly sha256?: string;
  readonly body?: string;
  readonly outcomes?: Readonly<Record<string, number>>;
}

export interface Http3Request {
  method?: string;
  authority?: string;
  path?: string;
  fields?: readonly Field[];
  body?: string;
  /** Further bytes of the body: `patternBytes` of that length. */
  size?: number;
  noLength?: boolean;
  trailers?: readonly Field[];
  /** Waits for `proceed` behind those, then sends `rest`. */
  holdBody?: boolean;
  rest?: string;
  /** Waits for `proceed` between the response's head and its body. */
  holdResponse?: boolean;
}

export interface RawFrame {
  readonly type: number;
  readonly fields?: readonly Field[];
  readonly text?: string;
}

/** Bytes that differ from their neighbours, as the client sends and upstreams may. */
export function patternBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i % 251;
  return bytes;
}

/** A request under way. */
export class Http3Call {
  readonly id: number;
  private readonly client: Http3Client;

  constructor(client: Http3Client, id: number) {
    this.client = client;
    this.id = id;
  }

  /** The response's head; throws where there was none. */
  async head(): Promise<Http3Event> {
    const found = await this.client.event(this.id, "head", "failed");
    if (found.event === "failed") throw new Error(`request ${this.id}: ${found.error}`);
    return found;
  }

  /** The head and what followed it; `event` is "end", or "failed" where it broke off. */
  async answer(): Promise<Http3Event> {
    const end = await this.client.event(this.id, "end", "failed");
    return { ...this.client.seen(this.id, "head"), ...end };
  }

  get over(): boolean {
    return this.client.seen(this.id, "end", "failed") !== undefined;
  }

  proceed(): void {
    this.client.command({ do: "proceed", id: this.id });
  }

  cancel(): void {
    this.client.command({ do: "cancel", id: this.id });
  }
}

/** A QUIC connection with HTTP/3 on it. */
export class Http3Connection {
  readonly id: number;
  /** Common name of the server's certificate. */
  readonly subject: string;
  private readonly client: Http3Client;

  constructor(client: Http3Client, id: number, subject: string) {
    this.client = client;
    this.id = id;
    this.subject = subject;
  }

  send(request: Http3Request = {}): Http3Call {
    const id = this.client.command({ do: "request", connection: this.id, ...complete(request) });
    return new Http3Call(this.client, id);
  }

  ask(request: Http3Request = {}): Promise<Http3Event> {
    return this.send(request).answer();
  }

  /** Equal requests, some at a time; how many ended how, such as "200 with 2 bytes". */
  async load(
    count: number,
    parallel: number,
    request: Http3Request = {},
  ): Promise<Readonly<Record<string, number>>> {
    const { client } = this;
    const rest = { connection: this.id, count, parallel, ...complete(request) };
    const id = client.command({ do: "load", ...rest });
    return (await client.event(id, "end")).outcomes ?? {};
  }

  /** Frames on a stream of their own, which stays open on request. */
  raw(frames: readonly RawFrame[], open = false): Http3Call {
    const id = this.client.command({ do: "raw", connection: this.id, frames, open });
    return new Http3Call(this.client, id);
  }

  /** A head alone, as it stands there. */
  rawHead(fields: readonly Field[]): Promise<Http3Event> {
    return this.raw([{ type: 1, fields }]).answer();
  }

  close(): void {
    this.client.command({ do: "close", id: this.id });
  }

  /** Waits until the connection is over. */
  closed(): Promise<Http3Event> {
    return this.client.event(this.id, "closed");
  }

  get over(): boolean {
    return this.client.seen(this.id, "closed") !== undefined;
  }
}

function complete({ method = "GET", authority = "app.test", path = "/", ...rest }: Http3Request) {
  return { method, authority, path, ...rest };
}

export interface Http3Connect {
  serverName?: string;
  /** PEM files of a client certificate. */
  certificate?: string;
  key?: string;
}

/** The client's program, running: all connections are its own. */
export class Http3Client {
  readonly #process: Subprocess<"pipe", "pipe", "inherit">;
  readonly #events: Http3Event[] = [];
  #lastId = 0;

  /** Use what `buildHttp3Client` returns. */
  constructor(path: string) {
    this.#process = Bun.spawn([path], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    void this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.#process.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#events.push(JSON.parse(line));
    }
  }

  /** Sends a command, under a new id where it has none; the id. */
  command(what: { do: string; id?: number; [key: string]: unknown }): number {
    const id = what.id ?? ++this.#lastId;
    const input: FileSink = this.#process.stdin;
    input.write(`${JSON.stringify({ ...what, id })}\n`);
    input.flush();
    return id;
  }

  seen(id: number, ...names: Http3Event["event"][]): Http3Event | undefined {
    return this.#events.find((event) => event.id === id && names.includes(event.event));
  }

  event(id: number, ...names: Http3Event["event"][]): Promise<Http3Event> {
    return waitFor(`the HTTP/3 client to say ${names.join(" or ")} of ${id}`, () => {
      const { exitCode } = this.#process;
      if (exitCode !== null) throw new Error(`the client's program has ended with ${exitCode}`);
      return this.seen(id, ...names);
    });
  }

  /** A connection to a port of 127.0.0.1. Throws where the handshake fails, with what it failed of. */
  async connect(port: number, options: Http3Connect = {}): Promise<Http3Connection> {
    const { serverName = "app.test", ...rest } = options;
    const address = `127.0.0.1:${port}`;
    const id = this.command({ do: "connect", ...{ address, serverName, ...rest } });
    const { event, error, subject = "" } = await this.event(id, "connected", "failed");
    if (event === "failed") throw new Error(`no HTTP/3 connection: ${error}`);
    return new Http3Connection(this, id, subject);
  }

  /** The program is killed: its servers hear nothing of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }
}

/** How long the build may take, in milliseconds: a machine's first one compiles Go's library as well. */
export const BUILD_PATIENCE = 600_000;

/**
 * Builds the client outside the repository, once for each state of its source, and returns what
 * starts it. Needs the tool "go"; for `beforeAll` with `BUILD_PATIENCE`.
 */
export async function buildHttp3Client(): Promise<() => Http3Client> {
  const go = toolPath("go");
  if (go === null) throw new Error("go is not installed");
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sluice-tests");
  const path = join(cache, `http3-client-${sourceHash()}`);
  if (!existsSync(path)) {
    mkdirSync(cache, { recursive: true });
    // Another run may be building it as well: the last one replaces the same with the same.
    const made = `${path}.${process.pid}`;
    const build = Bun.spawn([go, "build", "-o", made, "."], {
      cwd: SOURCE,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    const errors = await new Response(build.stderr).text();
    if ((await build.exited) !== 0) throw new Error(`go build of the HTTP/3 client: ${errors}`);
    renameSync(made, path);
  }
  return () => new Http3Client(path);
}

function sourceHash(): string {
  const hash = new Bun.CryptoHasher("sha256");
  for (const name of readdirSync(SOURCE).sort()) {
    hash.update(`${name}\n`).update(readFileSync(join(SOURCE, name)));
  }
  return hash.digest("hex").slice(0, 16);
}
