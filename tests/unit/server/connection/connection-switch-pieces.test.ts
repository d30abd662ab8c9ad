import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { concatBytes, latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import { ConnectionSwitch } from "../../../../src/server/connection/connection-switch.ts";
import { FakeConnection } from "../../net/fake-connection.ts";
import { ALL, GET, type Given, named, Scene, STARTTLS } from "./switch-scene.ts";

test("whatever is sent, in whatever pieces, the same server gets the same bytes", () => {
  const given: Given = {
    plain: { plain: ALL },
    through: { tcp: "HostSNI(`tcp.test`)" },
    https: ["web.test"],
    proxyProtocol: ["192.0.2.1"],
  };
  const beginnings = [
    "",
    "\x16",
    "\x16\x03\x01",
    "\0\0\0\x08\x04",
    "P",
    "PROXY TCP4 198.51.100.1 203.0.113.1 1 2\r\n",
    "PROXY UNKNOWN\r\n",
    "\r\n\r\n",
    "GET / HTTP/1.1\r\n",
    latin1(named("tcp.test")),
    latin1(named("web.test")),
    latin1(STARTTLS),
    `${latin1(STARTTLS)}${latin1(named("tcp.test"))}`,
  ].map(latin1Bytes);
  const stream = fc
    .tuple(
      fc.constantFrom(...beginnings),
      fc.constantFrom(...beginnings),
      fc.uint8Array({ maxLength: 20 }),
    )
    .map(concatBytes);
  fc.assert(
    fc.property(stream, fc.array(fc.nat(400), { maxLength: 6 }), (bytes, cuts) => {
      const run = (chunks: Uint8Array[]) => {
        const scene = new Scene(given);
        const connection = new FakeConnection();
        connection.handler = new ConnectionSwitch(connection, scene.entry).begin();
        const rest: Uint8Array[] = [];
        for (const chunk of chunks) {
          if (scene.who(connection) === "nobody") connection.handler.data(chunk.slice());
          else rest.push(chunk);
        }
        const found = scene.who(connection);
        const early = scene.served[0]?.early ?? scene.handshakes[0]?.early;
        const nothing =
          found === "closed" || early === undefined || latin1(early) === latin1(STARTTLS);
        return {
          found,
          remote: scene.served[0]?.remote.ip,
          bytes: nothing ? null : concatBytes([early, ...rest]),
        };
      };
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length];
      places.sort((a, b) => a - b);
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
      expect(run(chunks.filter((chunk) => chunk.length > 0))).toEqual(
        run(bytes.length > 0 ? [bytes] : []),
      );
    }),
    { numRuns: 1000 },
  );
});

describe("in whatever pieces", () => {
  const given: Given = {
    plain: { plain: ALL },
    through: { tcp: "HostSNI(`tcp.test`)" },
    https: ["web.test"],
    proxyProtocol: ["192.0.2.1"],
  };
  const header1 = latin1Bytes("PROXY TCP4 198.51.100.1 203.0.113.1 1111 2222\r\n");
  const header2 = concatBytes([
    latin1Bytes("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"),
    Uint8Array.of(198, 51, 100, 1, 203, 0, 113, 1, 4, 87, 8, 174),
  ]);
  const NONE = new Uint8Array(0);
  const streams: [what: string, bytes: Uint8Array[], expected: string, given?: Given][] = [
    ["TLS for TCP", [NONE, named("tcp.test", "x")], "tcp tcp"],
    ["TLS for HTTPS", [NONE, named("web.test", "h2")], "tls http@file"],
    ["PostgreSQL", [NONE, STARTTLS, named("tcp.test")], "tcp tcp"],
    ["plain TCP", [NONE, latin1Bytes("EHLO there\r\n")], "tcp plain"],
    ["HTTP", [NONE, GET], "http", { through: { t: ALL }, proxyProtocol: [] }],
    ["TLS behind version 1", [header1, named("tcp.test")], "tcp tcp"],
    ["TLS behind version 2", [header2, named("tcp.test")], "tcp tcp"],
    ["PostgreSQL behind version 2", [header2, STARTTLS, named("tcp.test")], "tcp tcp"],
    ["plain TCP behind version 1", [header1, latin1Bytes("\x00\x00x")], "tcp plain"],
    ["HTTP behind version 2", [header2, GET], "http", { proxyProtocol: [] }],
  ];
  for (const [what, [header, ...parts], expected, other] of streams) {
    const bytes = concatBytes([header, ...parts]);

    /** What the TCP router's server, or the handshake, gets of it: all but the header, in the end. */
    const outcome = (...chunks: Uint8Array[]) => {
      const scene = new Scene(other ?? given);
      const connection = new FakeConnection();
      connection.handler = new ConnectionSwitch(connection, scene.entry).begin();
      const rest: Uint8Array[] = [];
      for (const chunk of chunks) {
        if (scene.served.length > 0 || scene.handshakes.length > 0) rest.push(chunk);
        else connection.handler.data(chunk.slice());
      }
      const found = scene.who(connection);
      expect(found).toBe(expected);
      if (found === "http") return;
      const early = scene.served[0]?.early ?? scene.handshakes[0].early;
      if (what.startsWith("PostgreSQL")) {
        expect(early).toEqual(STARTTLS);
        expect(rest).toEqual([]);
        expect(latin1(connection.sent)).toBe("S");
      } else {
        expect(concatBytes([early, ...rest])).toEqual(bytes.subarray(header.length));
      }
      if (header.length > 0 && scene.served.length > 0)
        expect(scene.served[0].remote.ip).toBe("198.51.100.1");
    };

    test(`${what}, cut at every byte`, () => {
      for (let cut = 1; cut <= bytes.length; cut++)
        outcome(...[bytes.subarray(0, cut), bytes.subarray(cut)].filter((one) => one.length > 0));
    });

    test(`${what}, byte by byte`, () => {
      outcome(...Array.from(bytes, (byte) => Uint8Array.of(byte)));
    });
  }
});
