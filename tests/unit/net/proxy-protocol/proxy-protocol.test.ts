import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { concatBytes, latin1Bytes } from "../../../../src/core/bytes.ts";
import {
  type ProxyHeader,
  ProxyProtocolParser,
} from "../../../../src/net/proxy-protocol/proxy-protocol.ts";

/** Feeds the bytes with one more at a time, then all at once, and returns what both say. */
function parse(bytes: Uint8Array): ProxyHeader {
  const parser = new ProxyProtocolParser();
  let stepwise: ProxyHeader = parser.parse(bytes.subarray(0, 0));
  for (let length = 1; length <= bytes.length && !stepwise.done; length++) {
    stepwise = parser.parse(bytes.subarray(0, length));
    if (stepwise.done) expect(length).toBe(stepwise.consumed);
  }
  expect(new ProxyProtocolParser().parse(bytes)).toEqual(stepwise);
  return stepwise;
}

/** Wherever the bytes are cut, they are refused in the end, and always for the same. */
function expectRefusal(bytes: Uint8Array, why: RegExp): void {
  expect(() => new ProxyProtocolParser().parse(bytes)).toThrow(why);
  const parser = new ProxyProtocolParser();
  expect(() => {
    for (let length = 0; length <= bytes.length; length++) parser.parse(bytes.subarray(0, length));
  }).toThrow(why);
}

function v2(command: number, family: number, body: Uint8Array): Uint8Array {
  return concatBytes([
    latin1Bytes("\r\n\r\n\0\r\nQUIT\n"),
    Uint8Array.of(command, family, body.length >> 8, body.length & 0xff),
    body,
  ]);
}

const V4 = Uint8Array.of(192, 0, 2, 1, 198, 51, 100, 2, 0x30, 0x39, 0x01, 0xbb);
const V6 = concatBytes([
  Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 7),
  Uint8Array.of(0, 1, 0xff, 0xff),
]);

describe("version 1", () => {
  const lines: [line: string, source: string | null, destination: string | null][] = [
    ["PROXY TCP4 192.0.2.1 198.51.100.2 12345 443", "192.0.2.1 12345", "198.51.100.2 443"],
    ["PROXY TCP4 0.0.0.0 255.255.255.255 0 65535", "0.0.0.0 0", "255.255.255.255 65535"],
    ["PROXY TCP6 2001:DB8::1 ::1 1 2", "2001:db8::1 1", "::1 2"],
    ["PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6402 1 2", "192.0.2.1 1", "198.51.100.2 2"],
    ["PROXY UNKNOWN", null, null],
    ["PROXY UNKNOWN ffff::1 whatever it says", null, null],
    // The longest there is, by the specification: 107 bytes with CRLF.
    [
      `PROXY UNKNOWN ${"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ".repeat(2)}65535 65535`,
      null,
      null,
    ],
  ];
  for (const [line, source, destination] of lines) {
    test(line, () => {
      const header = parse(latin1Bytes(`${line}\r\nGET / HTTP/1.1\r\n`));
      const text = (address: ProxyHeader["source"]) =>
        address === null ? null : `${address.ip} ${address.port}`;
      expect(header.done).toBe(true);
      expect(header.consumed).toBe(line.length + 2);
      expect(text(header.source)).toBe(source);
      expect(text(header.destination)).toBe(destination);
    });
  }

  const refusals: [bytes: string, why: RegExp][] = [
    ["PROXIED", /first bytes/],
    ["GET / HTTP/1.1", /first bytes/],
    ["PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n", /expected, not ""/],
    ["PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n", /expected, not "TCP5"/],
    ["PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n", /expected, not "tcp4"/],
    ["PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", /two ports/],
    ["PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n", /two ports/],
    ["PROXY TCP4 1.1.1.1  2.2.2.2 1 2\r\n", /two ports/],
    ["PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n", /two ports/],
    ["PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n", /expected, not "1\.1\.1"/],
    ["PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n", /expected, not "01/],
    ["PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n", /expected, not "1.1.1.256"/],
    ["PROXY TCP4 ::1 2.2.2.2 1 2\r\n", /expected, not "::1"/],
    ["PROXY TCP6 1.1.1.1 ::1 1 2\r\n", /expected, not "1.1.1.1"/],
    ["PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", /expected, not "fe80/],
    ["PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n", /expected, not "65536"/],
    ["PROXY TCP4 1.1.1.1 2.2.2.2 1 02\r\n", /expected, not "02"/],
    ["PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n", /expected, not "\+1"/],
    ["PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n", /without a carriage return/],
    ["PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\r\n", /without a line feed/],
    [`PROXY UNKNOWN ${"x".repeat(92)}\r\n`, /within 107 bytes/],
    [`PROXY UNKNOWN ${"x".repeat(500)}`, /within 107 bytes/],
  ];
  for (const [bytes, why] of refusals) {
    test(`refuses ${JSON.stringify(bytes.slice(0, 60))}`, () => {
      expectRefusal(latin1Bytes(bytes), why);
    });
  }
});

describe("version 2", () => {
  test("TCP over IPv4, with TLVs behind the addresses", () => {
    const tlv = Uint8Array.of(0x04, 0, 3, 0, 0, 0);
    for (const body of [V4, concatBytes([V4, tlv]), concatBytes([V4, new Uint8Array(4084)])]) {
      const bytes = v2(0x21, 0x11, body);
      expect(parse(concatBytes([bytes, latin1Bytes("GET /")]))).toEqual({
        done: true,
        consumed: bytes.length,
        source: { ip: "192.0.2.1", port: 12345 },
        destination: { ip: "198.51.100.2", port: 443 },
      });
    }
  });

  test("TCP over IPv6, and IPv4 in IPv6", () => {
    expect(parse(v2(0x21, 0x21, V6))).toEqual({
      done: true,
      consumed: 52,
      source: { ip: "2001:db8::1", port: 1 },
      destination: { ip: "10.0.0.7", port: 65535 },
    });
  });

  const nobody: [name: string, bytes: Uint8Array][] = [
    ["LOCAL", v2(0x20, 0x00, new Uint8Array(0))],
    ["LOCAL with addresses", v2(0x20, 0x11, V4)],
    ["LOCAL with a family that there isn't", v2(0x20, 0xff, new Uint8Array(3))],
    ["an unspecified family", v2(0x21, 0x00, new Uint8Array(5))],
    ["a UNIX socket", v2(0x21, 0x31, new Uint8Array(216))],
  ];
  for (const [name, bytes] of nobody) {
    test(`${name} names no addresses`, () => {
      expect(parse(bytes)).toEqual({
        done: true,
        consumed: bytes.length,
        source: null,
        destination: null,
      });
    });
  }

  const refusals: [name: string, bytes: Uint8Array, why: RegExp][] = [
    ["another version", v2(0x11, 0x11, V4), /version 1/],
    ["another command", v2(0x22, 0x11, V4), /command 2/],
    ["another family", v2(0x21, 0x41, V4), /family 4/],
    ["another transport", v2(0x21, 0x13, V4), /transport 3/],
    ["too few bytes for IPv4", v2(0x21, 0x11, V4.subarray(1)), /11 bytes of addresses, not 12/],
    ["too few bytes for IPv6", v2(0x21, 0x21, V4), /12 bytes of addresses, not 36/],
    ["too few bytes for UNIX", v2(0x21, 0x31, V6), /36 bytes of addresses, not 216/],
    ["too many bytes", v2(0x21, 0x11, new Uint8Array(4097)), /at most 4096/],
    ["a broken signature", latin1Bytes("\r\n\r\n\0\r\nQUIT\r"), /first bytes/],
  ];
  for (const [name, bytes, why] of refusals) {
    test(`refuses ${name}`, () => expectRefusal(bytes, why));
  }

  test("refuses a length that is too much before it is there", () => {
    const head = v2(0x21, 0x11, new Uint8Array(65535)).subarray(0, 16);
    expect(() => new ProxyProtocolParser().parse(head)).toThrow(/at most 4096/);
  });
});

describe("any bytes", () => {
  const beginnings = [
    "PROXY ",
    "PROXY TCP4 1.1.1.1 ",
    "PROXY TCP6 ::1 ::2 1 2\r",
    "\r\n\r\n\0\r\nQUIT\n",
  ];
  test("are refused, or a header, or not enough yet; never more than was there", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("", ...beginnings),
        fc.uint8Array({ maxLength: 300 }),
        (beginning, rest) => {
          const bytes = concatBytes([latin1Bytes(beginning), rest]);
          let header: ProxyHeader;
          try {
            header = new ProxyProtocolParser().parse(bytes);
          } catch (error) {
            expect((error as Error).message).toStartWith("Malformed PROXY protocol header: ");
            return;
          }
          if (header.done) expect(header.consumed).toBeLessThanOrEqual(bytes.length);
          else if (beginning.startsWith("PROXY")) expect(bytes.length).toBeLessThan(107);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("addresses and ports come back as they were sent", () => {
    const port = fc.nat(65535);
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), port, port, (from, to, fromPort, toPort) => {
        const bytes = Uint8Array.of(
          ...from.split(".").map(Number),
          ...to.split(".").map(Number),
          fromPort >> 8,
          fromPort & 255,
          toPort >> 8,
          toPort & 255,
        );
        const expected = {
          source: { ip: from, port: fromPort },
          destination: { ip: to, port: toPort },
        };
        const line = latin1Bytes(`PROXY TCP4 ${from} ${to} ${fromPort} ${toPort}\r\n`);
        expect(parse(line)).toEqual({ done: true, consumed: line.length, ...expected });
        expect(parse(v2(0x21, 0x11, bytes))).toEqual({ done: true, consumed: 28, ...expected });
      }),
    );
  });
});
