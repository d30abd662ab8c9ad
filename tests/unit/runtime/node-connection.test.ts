import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { NodeConnection } from "../../../runtime/node/node-connection.ts";

/** As much of a socket of node:net as a connection that is being closed sees. */
class FakeSocket extends EventEmitter {
  remoteAddress = "192.0.2.1";
  remotePort = 1;
  localAddress = "192.0.2.2";
  localPort = 2;
  writableLength = 0;
  readonly calls: string[] = [];

  setNoDelay(): void {}
  setKeepAlive(): void {}

  destroySoon(): void {
    this.calls.push("destroySoon");
  }

  resetAndDestroy(): void {
    this.calls.push("resetAndDestroy");
    this.emit("close");
  }
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A connection that is closed while so many bytes wait in its socket. */
function closedWith(unsent: number): FakeSocket {
  const socket = new FakeSocket();
  const connection = new NodeConnection(socket as unknown as Socket);
  socket.writableLength = unsent;
  connection.close();
  return socket;
}

test("a peer who takes nothing of what waits keeps a closed connection for a minute", () => {
  const socket = closedWith(1000);
  jest.advanceTimersByTime(59_000);
  expect(socket.calls).toEqual(["destroySoon"]);
  jest.advanceTimersByTime(2000);
  expect(socket.calls).toEqual(["destroySoon", "resetAndDestroy"]);
  jest.advanceTimersByTime(600_000);
  expect(socket.calls).toHaveLength(2);
});

test("one who takes something has another minute, and one who took all is left alone", () => {
  const socket = closedWith(1000);
  for (const left of [900, 500, 1]) {
    socket.writableLength = left;
    jest.advanceTimersByTime(60_000);
  }
  expect(socket.calls).toEqual(["destroySoon"]);
  socket.emit("close");
  jest.advanceTimersByTime(600_000);
  expect(socket.calls).toEqual(["destroySoon"]);
});

test("with nothing to wait for there is no timer", () => {
  const before = jest.getTimerCount();
  closedWith(0);
  expect(jest.getTimerCount()).toBe(before);
});
