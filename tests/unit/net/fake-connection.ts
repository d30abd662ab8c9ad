import { concatBytes } from "../../../src/core/bytes.ts";
import type { Address, Connection, ConnectionHandler } from "../../../src/net/connection.ts";

const NOBODY: ConnectionHandler = { data() {}, drain() {}, end() {}, close() {} };

/** A connection without a network: it takes as many bytes at a time as the test says. */
export class FakeConnection implements Connection {
  handler: ConnectionHandler = NOBODY;
  readonly remote: Address = { ip: "192.0.2.1", port: 1 };
  readonly local: Address = { ip: "192.0.2.2", port: 2 };
  readonly tls = null;
  closed = false;
  paused = false;
  /** The sizes that `write` took, one for each call. */
  readonly writes: number[] = [];
  /** In order: "pause", "resume", "shutdown", "close", "reset". */
  readonly calls: string[] = [];
  /** How much the next writes take; without any left, everything. */
  capacities: number[] = [];
  private readonly chunks: Uint8Array[] = [];
  private owesDrain = false;

  write(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.closed || this.calls.includes("shutdown")) return -1;
    const taken = Math.min(end - start, this.capacities.shift() ?? Infinity);
    if (taken < end - start) this.owesDrain = true;
    this.writes.push(taken);
    this.chunks.push(bytes.slice(start, start + taken));
    return taken;
  }

  /** Everything that was taken. */
  get sent(): Uint8Array {
    return concatBytes(this.chunks);
  }

  /** The transport has room again, if it was full. Returns whether it was. */
  drain(): boolean {
    if (!this.owesDrain || this.closed) return false;
    this.owesDrain = false;
    this.handler.drain();
    return true;
  }

  /** Arrays that were given back. */
  readonly recycled: Uint8Array[] = [];

  /** Whatever still refers to the array sees that it is gone. */
  recycle(chunk: Uint8Array): void {
    this.recycled.push(chunk);
    chunk.fill(0xee);
  }

  pause(): void {
    this.paused = true;
    this.calls.push("pause");
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.calls.push("resume");
  }

  shutdown(): void {
    if (!this.closed) this.calls.push("shutdown");
  }

  close(): void {
    this.finish("close");
  }

  reset(): void {
    this.finish("reset");
  }

  /** The other side closes, or the connection breaks. */
  fail(error?: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.handler.close(error);
  }

  private finish(how: string): void {
    if (this.closed) return;
    this.closed = true;
    this.calls.push(how);
    queueMicrotask(() => this.handler.close());
  }
}

/** `length` bytes that go on counting from `from`. */
export function counting(length: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = Math.imul(from + i, 0x9e3779b1) >>> 24;
  return bytes;
}
