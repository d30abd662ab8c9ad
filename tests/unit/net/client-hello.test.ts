import { describe, expect, test } from "bun:test";
import { concatBytes } from "../../../src/core/bytes.ts";
import { type ClientHello, ClientHelloParser } from "../../../src/net/client-hello.ts";
import { CLIENT_HELLOS } from "./client-hellos.ts";
import {
  type Extension,
  hello,
  helloMessage,
  inRecords,
  protocols,
  serverNameOfType,
  serverNames,
  uint16,
  vector8,
  vector16,
  versions,
} from "./make-client-hello.ts";

/** Parses chunks, of which the last, and none before it, must complete the message. */
function parse(...chunks: Uint8Array[]): ClientHello {
  const parser = new ClientHelloParser();
  for (const chunk of chunks.slice(0, -1)) expect(parser.push(chunk)).toBeNull();
  const found = parser.push(chunks[chunks.length - 1]);
  expect(parser.received).toEqual(concatBytes(chunks));
  if (found === null) throw new Error("it is not complete");
  return found;
}

const bytesOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte));
const withExtensions = (...extensions: Extension[]) => hello({ extensions });
const nameOf = (name: string) => parse(withExtensions(serverNames(name))).serverName;

describe.each(CLIENT_HELLOS.map((entry) => [entry.client, entry] as const))("%s", (_, entry) => {
  const { bytes, expected } = entry;
  const message = bytes.slice(5);

  test("in one chunk", () => {
    expect(parse(bytes)).toEqual(expected);
  });

  test("in two chunks, cut anywhere", () => {
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(parse(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(expected);
    }
  });

  test("in chunks of a byte", () => {
    expect(parse(...bytesOf(bytes))).toEqual(expected);
  });

  test("in records of any size, and each record's bytes alone", () => {
    for (const size of [1, 2, 3, 4, 5, 100, message.length - 1]) {
      const records = inRecords(message, size);
      expect(parse(records)).toEqual(expected);
      expect(parse(...bytesOf(records))).toEqual(expected);
    }
  });

  test("bytes behind it are kept and not looked at", () => {
    expect(parse(concatBytes([bytes, Uint8Array.of(20, 3, 3, 0, 1, 1)]))).toEqual(expected);
  });

  test("cut off anywhere it is incomplete", () => {
    for (let end = 0; end < bytes.length; end++) {
      expect(new ClientHelloParser().push(bytes.subarray(0, end))).toBeNull();
    }
  });
});

describe("what a client may leave out", () => {
  test("all extensions", () => {
    const none = { serverName: "", alpn: [], supportedVersions: [0x0302] };
    expect(parse(hello({ version: 0x0302, extensions: null }))).toEqual(none);
    expect(parse(hello({ version: 0x0302, extensions: [] }))).toEqual(none);
  });

  test("values that mean nothing are left out", () => {
    const extensions = [
      [0x1a1a, new Uint8Array(0)] as const,
      versions(0x2a2a, 0x0304, 0x0303),
      protocols("\x0a\x0a", "h2", "\xfa\xfa", "http/1.1"),
      [0xdada, Uint8Array.of(0)] as const,
    ];
    expect(parse(hello({ extensions }))).toEqual({
      serverName: "",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x0304, 0x0303],
    });
  });

  test("protocols are octets", () => {
    expect(parse(withExtensions(protocols("\x00\xff é"))).alpn).toEqual(["\x00\xff é"]);
  });
});

describe("server names", () => {
  test.each([
    ["example.com", "example.com"],
    ["EXAMPLE.Com", "example.com"],
    ["localhost", "localhost"],
    ["_service.xn--bcher-kva.example", "_service.xn--bcher-kva.example"],
    ["r3---sn-4g5e.example", "r3---sn-4g5e.example"],
    ["a".repeat(63), "a".repeat(63)],
    [`${"a.".repeat(126)}a`, `${"a.".repeat(126)}a`],
    ["192.0.2.1", "192.0.2.1"],
    ["2001:DB8:0::1", "2001:db8::1"],
  ])("%s", (name, expected) => {
    expect(nameOf(name)).toBe(expected);
  });

  test.each([
    "",
    ".",
    "example.com.",
    ".example.com",
    "a..b",
    "a b",
    "a\0b",
    "*.example.com",
    "example.com:443",
    "[::1]",
    "fe80::1%eth0",
    "bücher.example",
    "a/b",
    "a@b",
    "example.com ",
    " example.com",
    "a".repeat(64),
    `${"a.".repeat(127)}a`,
    `${"1:".repeat(30000)}1`,
  ])("%j is refused", (name) => {
    expect(() => nameOf(name)).toThrow("is no host's name");
  });
});

describe("what is no ClientHello, or a malformed one", () => {
  const cases: [string, Uint8Array, string][] = [
    ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"), "found a record of type 71"],
    ["an alert", Uint8Array.of(21, 3, 1, 0, 2, 1, 0), "found a record of type 21"],
    ["SSL 2", Uint8Array.of(0x80, 0x2e, 1, 0, 2), "found a record of type 128"],
    ["another version of records", Uint8Array.of(22, 2, 0, 0, 9), "found version 2.0"],
    ["an empty record", Uint8Array.of(22, 3, 1, 0, 0), "1 to 16384 bytes, found one of 0"],
    ["a record too large", Uint8Array.of(22, 3, 1, 0x40, 1), "found one of 16385"],
    ["a ServerHello", hello({ type: 2 }), "found a handshake message of type 2"],
    ["a message too large", Uint8Array.of(22, 3, 1, 0, 4, 1, 1, 0, 1), "at most 65536 bytes"],
    [
      "another record in its middle",
      concatBytes([inRecords(helloMessage().subarray(0, 20)), Uint8Array.of(21, 3, 1, 0, 2, 1, 0)]),
      "expected the rest of a ClientHello, found a record of type 21",
    ],
    ["SSL 2's version", hello({ version: 0x0200 }), "found version 0x200"],
    ["an empty message", inRecords(Uint8Array.of(1, 0, 0, 0)), "beyond its end"],
    ["a session id too long", hello({ sessionId: new Uint8Array(33) }), "session id is too long"],
    ["no cipher suite", hello({ cipherSuites: new Uint8Array(0) }), "cipher suites"],
    ["half a cipher suite", hello({ cipherSuites: new Uint8Array(3) }), "cipher suites"],
    ["no compression method", hello({ compression: new Uint8Array(0) }), "compression method"],
    ["an extension twice", withExtensions([5, uint16(0)], [5, uint16(0)]), "extension 5 twice"],
    ["the name twice", withExtensions(serverNames("a"), serverNames("a")), "extension 0 twice"],
    ["two names", withExtensions(serverNames("a.test", "b.test")), "several server names"],
    ["a name of another type", withExtensions(serverNameOfType("a.test", 1)), "is of type 1"],
    ["no names", withExtensions(serverNames()), "beyond its end"],
    ["a name without its end", withExtensions([0, uint16(9)]), "wrong length"],
    [
      "bytes behind the names",
      withExtensions([0, concatBytes([serverNames("a")[1], Uint8Array.of(0)])]),
      "wrong length",
    ],
    ["no protocols", withExtensions(protocols()), "list of protocols is empty"],
    ["an empty protocol", withExtensions(protocols("h2", "")), "protocol without a name"],
    [
      "a protocol cut off",
      withExtensions([16, vector16(Uint8Array.of(3, 0x68))]),
      "beyond its end",
    ],
    ["no versions", withExtensions(versions()), "supported versions"],
    ["half a version", withExtensions([43, vector8(Uint8Array.of(3))]), "supported versions"],
    [
      "extensions that end early",
      inRecords(
        (() => {
          const message = helloMessage({ extensions: [serverNames("a.test")] });
          const padded = concatBytes([message, Uint8Array.of(0)]);
          padded[3]++;
          return padded;
        })(),
      ),
      "its extensions has a wrong length",
    ],
  ];

  test.each(cases)("%s", (_, bytes, message) => {
    expect(() => new ClientHelloParser().push(bytes)).toThrow(message);
    const parser = new ClientHelloParser();
    expect(() => {
      for (const chunk of bytesOf(bytes)) parser.push(chunk);
    }).toThrow(message);
  });

  test("the largest message, in records of a byte and chunks of a byte", () => {
    const room = 65536 - helloMessage({ extensions: [[21, new Uint8Array(0)]] }).length + 4;
    const message = helloMessage({
      extensions: [
        [21, new Uint8Array(room - 15)],
        [0, serverNames("a.test")[1].subarray(0, 11)],
      ],
    });
    expect(message.length).toBe(65536 + 4);
    const records = inRecords(message, 1);
    const parser = new ClientHelloParser();
    let found: ClientHello | null = null;
    for (const chunk of bytesOf(records)) found = parser.push(chunk);
    expect(found?.serverName).toBe("a.test");
    expect(parser.received.length).toBe(6 * message.length);
  });
});
