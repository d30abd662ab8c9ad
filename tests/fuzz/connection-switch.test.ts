import { expect, test } from "bun:test";
import fc from "fast-check";
import { concatBytes, latin1Bytes } from "../../src/core/bytes.ts";
import { now } from "../../src/core/timers.ts";
import { ConnectionSwitch } from "../../src/server/connection/connection-switch.ts";
import { FakeConnection } from "../unit/net/fake-connection.ts";
import {
  ALL,
  GET,
  type Given,
  named,
  Scene,
  STARTTLS,
} from "../unit/server/connection/switch-scene.ts";

/** Entrypoints of all kinds; the client's address is 192.0.2.1. */
const ENTRYPOINTS: readonly Given[] = [
  {},
  { plain: { plain: ALL } },
  { plain: { plain: "HostSNI(`*`) && ClientIP(`198.51.100.0/24`)" }, https: [] },
  { https: ["web.test"], through: { tcp: "HostSNI(`tcp.test`)" } },
  {
    plain: { plain: ALL },
    through: { tcp: "HostSNI(`tcp.test`) || ALPN(`x`)" },
    ended: { all: ALL },
    https: ["web.test"],
  },
];
const PROXY_PROTOCOL = [undefined, [], ["192.0.2.1"]];

/** What undecided connections may have sent: PROXY header, STARTTLS, a ClientHello with a record a byte. */
const MOST = 16 + 4096 + 8 + 6 * (64 * 1024 + 4);

const FOREIGN = "a protocol that is neither HTTP nor TLS";

const beginnings = fc.constantFrom(
  ...[
    "",
    "\x16",
    "\x16\x03\x01\x40\x00\x01\x00\xff\xff",
    "\x16\x03\x01\x00\x01\x01",
    "\0\0\0",
    "PROXY ",
    "PROXY TCP4 198.51.100.1 203.0.113.1 1 2\r\n",
    "PROXY UNKNOWN\r\n",
    "\r\n\r\n\0\r\nQUIT\n",
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc6\x33\x64\x01\xcb\0\x71\x01\0\x01\0\x02",
    "\r\n\r\n\0\r\nQUIT\n\x20\0\x10\0",
    "\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "EHLO there\r\n",
    "GET / RTSP/1.0\r\n",
  ].map(latin1Bytes),
  GET,
  STARTTLS,
  named("tcp.test", "x"),
  named("web.test", "h2"),
  named(""),
);
const noise = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.tuple(fc.nat(255), fc.nat(6000)).map(([byte, size]) => new Uint8Array(size).fill(byte)),
);
const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 });
const stream = fc
  .tuple(beginnings, beginnings, noise, damage)
  .map(([first, second, rest, spots]) => {
    const bytes = concatBytes([first, second, rest]);
    for (const [offset, value] of spots) {
      if (bytes.length > 0) bytes[offset % Math.min(bytes.length, 200)] = value;
    }
    return bytes;
  });
const given = fc
  .tuple(fc.constantFrom(...ENTRYPOINTS), fc.constantFrom(...PROXY_PROTOCOL))
  .map(([entry, proxyProtocol]): Given => ({ ...entry, proxyProtocol }));
const sizes = fc.oneof(
  fc.constant([1]),
  fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 }),
  fc.constant([100_000]),
);

/** The stream in pieces of these sizes, in turn. */
function* pieces(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; at += sizes[i % sizes.length], i++)
    yield bytes.slice(at, at + sizes[i % sizes.length]);
}

function accept(scene: Scene): FakeConnection {
  const connection = new FakeConnection();
  connection.handler = new ConnectionSwitch(connection, scene.entry).begin();
  return connection;
}

test("whatever is sent, it is somebody's, or refused, or waits for more within bounds", () => {
  fc.assert(
    fc.property(given, stream, sizes, (given, bytes, sizes) => {
      const outcomes = [sizes, [bytes.length + 1]].map((sizes) => {
        const scene = new Scene(given);
        const connection = accept(scene);
        let sent = 0;
        for (const piece of pieces(bytes, sizes)) {
          if (scene.who(connection) !== "nobody") break;
          connection.handler.data(piece);
          sent += piece.length;
        }
        const who = scene.who(connection);
        if (who === "nobody") expect(sent).toBeLessThan(MOST);
        // No protocol but PostgreSQL is told anything, and that is one byte.
        if (!who.startsWith("http")) expect(connection.sent.length).toBeLessThanOrEqual(1);
        // Said in one piece it is seen to be no HTTP; in several, by then HTTP has it, and refuses it.
        return scene.logs.at(-1) === FOREIGN ? "http" : who;
      });
      expect(outcomes[0]).toBe(outcomes[1]);
    }),
    { numRuns: 1500 },
  );
});

test("however it ends, nothing of the connection stays behind", async () => {
  const ending = fc.constantFrom("end", "close", "reset", "expire", "drain", "cut");
  await fc.assert(
    fc.asyncProperty(given, stream, sizes, ending, async (given, bytes, sizes, ending) => {
      const scene = new Scene(given);
      const { entry, deadlines } = scene;
      const connection = accept(scene);
      for (const piece of pieces(bytes, sizes)) {
        if (connection.closed || connection.paused || scene.handshakes.length > 0) break;
        connection.handler.data(piece);
      }
      await Promise.resolve();
      if (scene.handshakes.length === 0 && !connection.closed) {
        if (ending === "end") connection.handler.end();
        else if (ending === "expire") deadlines.sweep(now() + 1e6);
      }
      if (ending === "drain") for (const one of [...entry.connections]) one.drainConnection();
      if (ending === "cut") for (const one of [...entry.connections]) one.cutConnection();
      for (const { handler, cancelled } of scene.handshakes)
        if (!cancelled) handler.failed(new Error("the client has left"));
      connection.fail(ending === "reset" ? new Error("ECONNRESET") : undefined);
      for (const accepted of scene.served) accepted.closed();
      await Promise.resolve();
      expect(entry.connections.size).toBe(0);
      // A connection that is still looked after would be closed, or say something.
      const logs = scene.logs.length;
      deadlines.sweep(Infinity);
      expect(scene.logs.length).toBe(logs);
    }),
    { numRuns: 1000 },
  );
});

test("a ClientHello that never ends is refused at a bound, however it is cut into records", () => {
  for (const record of [1, 100, 16_384]) {
    const scene = new Scene({ through: { tcp: "HostSNI(`tcp.test`)" } });
    const connection = accept(scene);
    const first = Uint8Array.of(1, 1, 0, 0);
    const message = concatBytes([first, new Uint8Array(70_000)]);
    let sent = 0;
    for (let at = 0; at < message.length && !connection.closed; at += record) {
      const part = message.subarray(at, at + record);
      const head = Uint8Array.of(0x16, 3, 1, part.length >> 8, part.length & 255);
      connection.handler.data(concatBytes([head, part]));
      sent += head.length + part.length;
    }
    expect(scene.who(connection)).toBe("closed");
    expect(sent).toBeLessThanOrEqual(MOST + 16_384);
  }
});
