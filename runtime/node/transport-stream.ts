import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/**
 * A connected socket as the stream that a TLSSocket is put upon. Not the socket itself: Deno's
 * TLSSocket then reads on while it is paused, takes a reset for a proper end, and sends no FIN.
 */
export class TransportStream extends Duplex {
  readonly socket: Socket;
  private held = false;
  private full = false;
  private ending = false;

  constructor(socket: Socket) {
    super({ allowHalfOpen: true });
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      if (this.push(chunk)) return;
      this.full = true;
      socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
    // Its error is told by the TLSSocket's user.
    this.on("error", () => {});
  }

  /** Stops reading from the socket, at once. */
  hold(): void {
    this.held = true;
    this.socket.pause();
  }

  release(): void {
    this.held = false;
    if (!this.full) this.socket.resume();
  }

  /** Sends FIN behind everything that the TLSSocket still has to write. */
  endSoon(): void {
    this.ending = true;
    this.endWhenIdle();
  }

  override _read(): void {
    this.full = false;
    if (!this.held) this.socket.resume();
  }

  override _write(chunk: Uint8Array, _: unknown, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, (error) => {
      done(error);
      if (this.ending) this.endWhenIdle();
    });
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }

  private endWhenIdle(): void {
    // The TLSSocket writes on when it is told that a write is done, or a moment after.
    setImmediate(() => {
      if (this.writableLength === 0) this.end();
    });
  }
}
