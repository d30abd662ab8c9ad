import type { Socket } from "bun";
import { LARGE_ARRAY } from "../../../src/core/bytes.ts";
import type { Address } from "../../../src/net/connection.ts";
import { BaseConnection } from "../../node/base-connection.ts";
import { readLess, readOnward } from "./socket-bounds.ts";

/** So many connections whose peers don't take what was written, and less is read at a time. */
const CROWD = 64;

/** How many such connections this thread has. */
let congested = 0;

/**
 * A Bun socket's side of a connection, plain or decrypted: while many peers don't take their bytes,
 * less is read in one piece from where large pieces come.
 */
export abstract class BoundedConnection<Data> extends BaseConnection {
  protected readonly socket: Socket<Data>;
  private readsLess = false;

  constructor(socket: Socket<Data>, remote: Address, local: Address) {
    super(remote, local);
    this.socket = socket;
  }

  get crowded(): boolean {
    return congested >= CROWD;
  }

  /** Gives bytes to the socket, as `write` does. */
  protected offer(bytes: Uint8Array, start: number, end: number): number {
    const taken = this.socket.write(bytes, start, end - start);
    if (taken < 0 || taken === end - start) {
      if (this.congested) this.relieved();
    } else if (!this.congested && !this.dead) {
      this.congested = true;
      congested++;
    }
    return taken;
  }

  protected override relieved(): void {
    if (this.congested) congested--;
    this.congested = false;
  }

  override received(chunk: Uint8Array): void {
    if (chunk.length >= LARGE_ARRAY && this.crowded !== this.readsLess) this.boundReading();
    super.received(chunk);
  }

  private boundReading(): void {
    this.readsLess = !this.readsLess;
    if (this.readsLess) readLess(this.socket);
    else readOnward(this.socket);
  }
}
