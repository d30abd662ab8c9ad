import type { Socket } from "bun";
import { PATIENCE, within } from "../wait-for.ts";

/** How the other end went away: not yet, FIN, or reset (or an error). */
export type Ending = "open" | "fin" | "reset";

/**
 * One end of a TCP connection that a test drives by hand: it sends exact bytes, sees exact bytes,
 * and can half-close, reset, or stop reading. All waits are bounded.
 */
export class RawConnection {
  /** All bytes received, from the first on. */
  received: Uint8Array = new Uint8Array(0);
  ending: Ending = "open";
  /** Bytes of `received` that `take` handed out. */
  #taken = 0;
  #socket: Socket<undefined> | undefined;
  #chunks: Uint8Array[] = [];
  #wakers: (() => void)[] = [];
  #pending: Uint8Array = new Uint8Array(0);

  /** The handlers to give to Bun.connect or Bun.listen for this connection. */
  attach(socket: Socket<undefined>): void {
    this.#socket = socket;
  }

  readonly handlers = {
    data: (_: unknown, chunk: Uint8Array) => {
      this.#chunks.push(new Uint8Array(chunk));
      this.#wake();
    },
    drain: () => this.#flush(),
    end: () => {
      if (this.ending === "open") this.ending = "fin";
      this.#wake();
    },
    error: () => this.#lost(),
    close: (_: unknown, error?: unknown) => {
      if (error !== undefined && error !== null) this.#lost();
      else if (this.ending === "open") this.ending = "fin";
      this.#closed = true;
      this.#wake();
    },
  };
  #closed = false;

  /** Resolves when the system has taken all bytes. Rejects where the connection is gone. */
  async send(bytes: string | Uint8Array): Promise<void> {
    this.#pending = Buffer.concat([this.#pending, toBytes(bytes)]);
    this.#flush();
    await this.#until("the peer to take bytes", () => this.#pending.length === 0 || this.#closed);
    if (this.#pending.length > 0)
      throw new Error("the connection closed before all bytes were sent");
  }

  /** As `send`, without waiting or failing: for bytes that a peer may refuse. */
  offer(bytes: string | Uint8Array): void {
    this.send(bytes).catch(() => {});
  }

  /** Sends each part as a segment of its own, with a pause between them. */
  async sendParts(parts: Iterable<string | Uint8Array>, pause = 3): Promise<void> {
    for (const part of parts) {
      await this.send(part);
      await Bun.sleep(pause);
    }
  }

  /** Sends in segments of at most `size` bytes. */
  async sendSegmented(bytes: string | Uint8Array, size: number, pause = 3): Promise<void> {
    const all = toBytes(bytes);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < all.length; at += size) parts.push(all.subarray(at, at + size));
    await this.sendParts(parts, pause);
  }

  /** Received bytes that nothing has taken yet. */
  get waiting(): Uint8Array {
    this.#gather();
    return this.received.subarray(this.#taken);
  }

  /**
   * Waits until `take` finds what it wants in the waiting bytes: it returns the result and how many
   * bytes it used up, or undefined for "more". Returns undefined where the peer ended before that.
   */
  async read<T extends { length: number }>(
    what: string,
    take: (waiting: Uint8Array, ended: boolean) => T | undefined,
    patience = PATIENCE,
  ): Promise<T | undefined> {
    let found: T | undefined;
    let seen = -1;
    await this.#until(
      what,
      () => {
        const ended = this.ending !== "open";
        if (this.waiting.length === seen && !ended) return false;
        seen = this.waiting.length;
        found = take(this.waiting, ended);
        return found !== undefined || ended;
      },
      patience,
    );
    if (found !== undefined) this.#taken += found.length;
    return found;
  }

  /** All that is received until the peer ends the connection, as text. */
  async readToEnd(patience = PATIENCE): Promise<string> {
    await this.#until("the peer to end the connection", () => this.ending !== "open", patience);
    const text = new TextDecoder("latin1").decode(this.waiting);
    this.#taken = this.received.length;
    return text;
  }

  /** Waits for so many further bytes and takes them. Throws where the peer ends before. */
  async readBytes(count: number, patience = PATIENCE): Promise<Uint8Array> {
    const found = await this.read(
      `${count} bytes`,
      (waiting) => (waiting.length >= count ? waiting.slice(0, count) : undefined),
      patience,
    );
    if (found === undefined)
      throw new Error(`the peer ended before ${count} bytes: ${this.describe()}`);
    return found;
  }

  /** Waits for the text and takes everything up to and with it. Throws where the peer ends before. */
  async readUntil(text: string, patience = PATIENCE): Promise<string> {
    const found = await this.read(
      JSON.stringify(text),
      (waiting) => {
        const at = Buffer.from(waiting.buffer, waiting.byteOffset, waiting.length).indexOf(
          text,
          0,
          "latin1",
        );
        return at < 0 ? undefined : waiting.slice(0, at + text.length);
      },
      patience,
    );
    if (found === undefined)
      throw new Error(`the peer ended before ${JSON.stringify(text)}: ${this.describe()}`);
    return new TextDecoder("latin1").decode(found);
  }

  /** Waits until the peer has ended the connection, and says how. */
  async ended(patience = PATIENCE): Promise<Ending> {
    await this.#until("the peer to end the connection", () => this.ending !== "open", patience);
    return this.ending;
  }

  /** Stops reading: the peer's bytes fill the system's buffers from now on. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Sends FIN and goes on reading. */
  halfClose(): void {
    this.#socket?.shutdown();
  }

  close(): void {
    this.#socket?.end();
  }

  /** Sends RST. */
  reset(): void {
    this.#socket?.terminate();
  }

  [Symbol.dispose](): void {
    this.#socket?.terminate();
  }

  /** For messages of failed expectations. */
  describe(): string {
    const { waiting } = this;
    const text = new TextDecoder("latin1").decode(waiting.subarray(0, 2000));
    return `${this.ending}, ${waiting.length} bytes waiting: ${JSON.stringify(text)}`;
  }

  #flush(): void {
    while (this.#pending.length > 0) {
      const taken = this.#socket!.write(this.#pending);
      if (taken <= 0) break;
      this.#pending = this.#pending.subarray(taken);
    }
    this.#wake();
  }

  #gather(): void {
    if (this.#chunks.length === 0) return;
    this.received = new Uint8Array(Buffer.concat([this.received, ...this.#chunks]));
    this.#chunks = [];
  }

  #lost(): void {
    this.ending = "reset";
    this.#wake();
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const waker of wakers) waker();
  }

  async #until(what: string, done: () => boolean, patience = PATIENCE): Promise<void> {
    const deadline = performance.now() + patience;
    while (!done()) {
      const left = deadline - performance.now();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wakers.push(resolve);
      try {
        await within(what, promise, left);
      } catch {
        throw new Error(`waited ${patience} ms in vain for ${what}; ${this.describe()}`);
      }
    }
  }
}

export function toBytes(bytes: string | Uint8Array): Uint8Array {
  return typeof bytes === "string" ? new Uint8Array(Buffer.from(bytes, "latin1")) : bytes;
}
