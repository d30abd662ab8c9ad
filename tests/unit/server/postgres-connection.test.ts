import { expect, test } from "bun:test";
import { PostgresConnection } from "../../../src/server/postgres-connection.ts";
import { FakeConnection } from "../net/fake-connection.ts";

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
