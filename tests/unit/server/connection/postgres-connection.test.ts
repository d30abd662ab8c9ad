import { expect, test } from "bun:test";
import { PostgresConnection } from "../../../../src/server/connection/postgres-connection.ts";
import { FakeConnection } from "../../net/fake-connection.ts";

const HELLO = Uint8Array.of(0x16, 3, 1, 0, 0);
const ACCEPTED = Uint8Array.of(0x53);

function joined() {
  const client = new FakeConnection();
  const connection = new PostgresConnection(client, HELLO);
  const received: number[][] = [];
  connection.handler = {
    data: (chunk) => void received.push([...chunk]),
    drain() {},
    end() {},
    close() {},
  };
  return { client, connection, received };
}

test("the server's answer is swallowed, then the ClientHello comes, then everything else", async () => {
  const { client, connection, received } = joined();
  expect(received).toEqual([]);
  expect(connection.write(ACCEPTED)).toBe(1);
  await Promise.resolve();
  expect(received).toEqual([[...HELLO]]);
  expect(client.writes).toEqual([]);
  client.handler.data(Uint8Array.of(1, 2));
  expect(received[1]).toEqual([1, 2]);
  expect(connection.write(Uint8Array.of(7, 8, 9))).toBe(3);
  expect(client.writes).toEqual([3]);
});

for (const [what, answer] of [
  ["a refusal", Uint8Array.of(0x4e)],
  ["more than an answer", Uint8Array.of(0x53, 0x16)],
] as const) {
  test(`${what} ends the connection: nothing of it may reach the client in plain`, async () => {
    const { client, connection, received } = joined();
    expect(connection.write(answer)).toBe(-1);
    await Promise.resolve();
    expect(client.calls).toContain("reset");
    expect(client.writes).toEqual([]);
    expect(received).toEqual([]);
  });
}

test("a server that ends before its answer has refused: the client, who isn't read, isn't waited for", async () => {
  const { client, connection } = joined();
  connection.shutdown();
  expect(client.calls).toContain("reset");
  const accepted = joined();
  accepted.connection.write(ACCEPTED);
  await Promise.resolve();
  accepted.connection.shutdown();
  expect(accepted.client.calls).toEqual(["pause", "resume", "shutdown"]);
});

test("nothing is read of the client before the server has accepted, however often it is asked for", async () => {
  const { client, connection, received } = joined();
  expect(client.paused).toBe(true);
  connection.resume();
  expect(client.paused).toBe(true);
  connection.write(ACCEPTED);
  await Promise.resolve();
  expect(client.paused).toBe(false);
  expect(received).toHaveLength(1);
});

test("whoever doesn't want to read yet isn't made to by the server's answer", async () => {
  const { client, connection } = joined();
  connection.pause();
  connection.write(ACCEPTED);
  await Promise.resolve();
  expect(client.paused).toBe(true);
  connection.resume();
  expect(client.paused).toBe(false);
});

test("a client that is gone takes nothing, and its ClientHello goes nowhere", async () => {
  const { client, connection, received } = joined();
  connection.write(ACCEPTED);
  client.closed = true;
  await Promise.resolve();
  expect(received).toEqual([]);
  const other = joined();
  other.client.closed = true;
  expect(other.connection.closed).toBe(true);
  expect(other.connection.write(ACCEPTED)).toBe(-1);
});

test("ends and breaks of the client are its connection's, both ways", async () => {
  const { client, connection } = joined();
  connection.write(ACCEPTED);
  await Promise.resolve();
  const heard: unknown[] = [];
  connection.handler = {
    data() {},
    drain: () => void heard.push("drain"),
    end: () => void heard.push("end"),
    close: (error) => void heard.push(error?.message),
  };
  client.handler.drain();
  client.handler.end();
  connection.shutdown();
  client.fail(new Error("ECONNRESET"));
  expect(heard).toEqual(["drain", "end", "ECONNRESET"]);
  expect(client.calls).toEqual(["pause", "resume", "shutdown"]);
  expect([connection.remote, connection.local, connection.tls]).toEqual([
    client.remote,
    client.local,
    null,
  ]);
  for (const how of ["close", "reset"] as const) {
    const other = joined();
    other.connection[how]();
    expect(other.client.calls).toEqual(["pause", how]);
  }
});
