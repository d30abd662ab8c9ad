import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { concatBytes, latin1 } from "../../../src/core/bytes.ts";
import { ConnectionWriter } from "../../../src/net/connection-writer.ts";
import { counting, FakeConnection } from "./fake-connection.ts";

function setUp(...capacities: number[]) {
  const connection = new FakeConnection();
  connection.capacities = capacities;
  const owner = { drains: 0, drained: () => void owner.drains++ };
  const writer = new ConnectionWriter(connection, owner);
  connection.handler = { data() {}, drain: () => writer.drain(), end() {}, close() {} };
  return { connection, writer, owner };
}

function put(writer: ConnectionWriter, bytes: Uint8Array): void {
  const at = writer.reserve(bytes.length);
  writer.buffer.set(bytes, at);
  writer.commit(at + bytes.length);
}

describe("ConnectionWriter", () => {
  test("a response's head and body are one write", () => {
    const { connection, writer } = setUp();
    put(writer, counting(200));
    writer.write(counting(30_000), 0, 30_000);
    expect(connection.writes).toEqual([]);
    writer.flush();
    writer.flush();
    expect(connection.writes).toEqual([30_200]);
    expect(writer.congested).toBe(false);
  });

  test("a large body alone isn't copied", () => {
    const { connection, writer } = setUp();
    const body = counting(300_000);
    writer.write(body, 1000, 290_000);
    writer.flush();
    expect(connection.writes).toEqual([289_000]);
    expect(connection.sent).toEqual(body.subarray(1000, 290_000));
  });

  test("a large body isn't copied behind its head either", () => {
    const { connection, writer } = setUp();
    put(writer, counting(100));
    writer.write(counting(64 * 1024, 100));
    expect(connection.writes).toEqual([100, 64 * 1024]);
    put(writer, counting(10, 100 + 64 * 1024));
    writer.flush();
    expect(connection.sent).toEqual(counting(110 + 64 * 1024));
  });

  test("a head larger than the scratch has an array of its own", () => {
    const { connection, writer } = setUp();
    put(writer, counting(10));
    put(writer, counting(1_000_000, 10));
    put(writer, counting(10, 1_000_010));
    writer.flush();
    expect(connection.sent).toEqual(counting(1_000_020));
  });

  test("what is reserved needn't be used up", () => {
    const { connection, writer } = setUp();
    const at = writer.reserve(1000);
    writer.buffer[at] = 0x61;
    writer.commit(at + 1);
    writer.write(Uint8Array.of(0x62));
    writer.flush();
    expect(latin1(connection.sent)).toBe("ab");
  });

  test("writers take turns with the scratch", () => {
    const a = setUp();
    const b = setUp();
    a.writer.write(counting(10));
    b.writer.write(counting(20));
    expect(a.connection.writes).toEqual([10]);
    a.writer.write(counting(5));
    expect(b.connection.writes).toEqual([20]);
    b.writer.flush();
    a.writer.flush();
    expect(a.connection.writes).toEqual([10, 5]);
  });

  test("what isn't taken waits, in order, and drained comes once", () => {
    const { connection, writer, owner } = setUp(4, 3, 0, 2);
    writer.write(counting(10));
    writer.flush();
    expect(writer.pending).toBe(6);
    expect(writer.congested).toBe(true);
    // The scratch is another writer's meanwhile.
    setUp().writer.write(new Uint8Array(1000).fill(0xff));
    writer.write(counting(5, 10));
    writer.flush();
    expect(writer.pending).toBe(11);
    while (connection.drain()) {}
    expect(connection.sent).toEqual(counting(15));
    expect(owner.drains).toBe(1);
    expect(writer.pending).toBe(0);
  });

  test("many small pieces that waited go out together", () => {
    const { connection, writer } = setUp(0);
    for (let i = 0; i < 1000; i++) {
      writer.write(counting(10, 10 * i));
      writer.flush();
    }
    expect(writer.pending).toBe(10_000);
    while (connection.drain()) {}
    expect(connection.sent).toEqual(counting(10_000));
    expect(connection.writes.length).toBeLessThan(8);
  });

  test("closes behind everything, or at once", () => {
    const idle = setUp();
    idle.writer.closeAfterFlush();
    expect(idle.connection.calls).toEqual(["close"]);

    const full = setUp(1);
    full.writer.write(counting(3));
    full.writer.closeAfterFlush();
    expect(full.connection.calls).toEqual([]);
    full.writer.write(counting(3));
    full.connection.drain();
    expect(full.connection.calls).toEqual(["close"]);
    expect(full.connection.sent).toEqual(counting(3));
    expect(full.owner.drains).toBe(0);
  });

  test("shuts down behind everything, and may then close", () => {
    const { connection, writer } = setUp(1);
    writer.write(counting(3));
    writer.shutdownAfterFlush();
    expect(connection.calls).toEqual([]);
    connection.drain();
    expect(connection.calls).toEqual(["shutdown"]);
    writer.closeAfterFlush();
    expect(connection.calls).toEqual(["shutdown", "close"]);

    const both = setUp(1);
    both.writer.write(counting(3));
    both.writer.closeAfterFlush();
    both.writer.shutdownAfterFlush();
    both.connection.drain();
    expect(both.connection.calls).toEqual(["close"]);
  });

  test("forgets what was for a connection that is gone", () => {
    const { connection, writer, owner } = setUp(1);
    writer.write(counting(100));
    writer.flush();
    expect(writer.congested).toBe(true);
    connection.closed = true;
    writer.write(counting(100));
    writer.flush();
    expect(writer.pending).toBe(0);
    writer.drain();
    expect(owner.drains).toBe(0);
  });

  test("every byte arrives in order and once, whatever the connection takes", () => {
    const size = fc.oneof(fc.nat(50), fc.nat(20_000), fc.nat(200_000));
    const step = fc.record({
      writer: fc.nat(1),
      action: fc.constantFrom("write", "range", "reserve", "flush", "drain"),
      size,
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.array(size, { maxLength: 20 }),
        fc.array(size, { maxLength: 20 }),
        (steps, ...capacities) => {
          const sides = capacities.map((list) => ({ ...setUp(...list), total: 0 }));
          for (const { writer: which, action, size } of steps) {
            const side = sides[which];
            const { connection, writer } = side;
            if (action === "flush") writer.flush();
            else if (action === "drain") connection.drain();
            else {
              const bytes = counting(size, side.total);
              if (action === "write") writer.write(bytes);
              else if (action === "reserve") put(writer, bytes);
              else writer.write(concatBytes([counting(7), bytes, counting(9)]), 7, 7 + size);
              side.total += size;
            }
          }
          for (const { connection, writer, total, owner } of sides) {
            writer.flush();
            const drains = owner.drains;
            const congested = writer.congested;
            while (connection.drain()) {}
            expect(writer.pending).toBe(0);
            expect(owner.drains - drains).toBe(congested ? 1 : 0);
            expect(Buffer.compare(connection.sent, counting(total))).toBe(0);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
