import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { concatBytes, latin1Bytes } from "../../src/core/bytes.ts";
import { parseIp } from "../../src/net/address.ts";
import type { Address } from "../../src/net/connection.ts";
import {
  type ProxyHeader,
  ProxyProtocolParser,
} from "../../src/net/proxy-protocol/proxy-protocol.ts";
import { proxyProtocolHeader } from "../../src/net/proxy-protocol/proxy-protocol-header.ts";

/** The most that a header has. Who has sent so much has an answer. */
const MAX_V1 = 107;
const MAX_V2 = 16 + 4096;
const V2_SIGNATURE = latin1Bytes("\r\n\r\n\0\r\nQUIT\n");

type Outcome = ProxyHeader | string;

/** What comes of a connection's first bytes that arrive in these pieces, and how many it took to know. */
function outcomeOf(
  bytes: Uint8Array,
  cuts: readonly number[] = [],
): { outcome: Outcome; after: number } {
  const parser = new ProxyProtocolParser();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  ends.sort((a, b) => a - b);
  let outcome: Outcome = parser.parse(bytes.subarray(0, 0));
  for (const end of ends) {
    try {
      outcome = parser.parse(bytes.subarray(0, end));
    } catch (error) {
      // A mistake in the parser itself would say something else.
      expect((error as Error).message).toStartWith("Malformed PROXY protocol header: ");
      outcome = (error as Error).message;
    }
    if (typeof outcome === "string" || outcome.done) return { outcome, after: end };
  }
  return { outcome, after: bytes.length };
}

const isMore = (outcome: Outcome) => typeof outcome !== "string" && !outcome.done;
const byteByByte = (bytes: Uint8Array) => Array.from(bytes, (_, i) => i);

const cuts = fc.array(fc.nat(), { maxLength: 8 });
const port = fc.nat(65535);
const ip = fc.oneof(fc.ipV4(), fc.ipV6());
const address = fc.record({ ip, port });
const rest = fc.uint8Array({ maxLength: 40 });

/** Any version 2 header that is one, with what it says. */
const version2 = fc
  .record({
    command: fc.constantFrom(0, 1),
    family: fc.nat(3),
    transport: fc.nat(2),
    addresses: fc.uint8Array({ minLength: 216, maxLength: 216 }),
    more: fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(4096 - 216).map((size) => new Uint8Array(size).fill(7)),
    ),
  })
  .map(({ command, family, transport, addresses, more }) => {
    const length = [0, 12, 36, 216][family];
    const body = concatBytes([addresses.subarray(0, length), more]);
    const bytes = concatBytes([
      V2_SIGNATURE,
      Uint8Array.of(0x20 | command, (family << 4) | transport, body.length >> 8, body.length & 255),
      body,
    ]);
    return { bytes, named: command === 1 && (family === 1 || family === 2) };
  });

describe("what is a header is read as one, in any pieces, and nothing behind it", () => {
  const expected = ({ ip, port }: Address) => ({ ip: parseIp(ip)!, port });

  test("those that this side writes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1 as const, 2 as const),
        address,
        address,
        rest,
        cuts,
        (version, source, destination, behind, at) => {
          const header = proxyProtocolHeader(version, expected(source), expected(destination));
          const { outcome } = outcomeOf(concatBytes([header, behind]), at);
          expect(outcome).toEqual({
            done: true,
            consumed: header.length,
            source: expected(source),
            destination: expected(destination),
          });
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("version 2 of any command, family and transport, with any TLVs", () => {
    fc.assert(
      fc.property(version2, rest, cuts, ({ bytes, named }, behind, at) => {
        const { outcome } = outcomeOf(concatBytes([bytes, behind]), at);
        expect(outcome).toMatchObject({ done: true, consumed: bytes.length });
        const { source, destination } = outcome as ProxyHeader;
        expect([source !== null, destination !== null]).toEqual([named, named]);
        expect(isMore(outcomeOf(bytes.subarray(0, -1), at).outcome)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("anything at all is a header, is none, or is the beginning of one that may yet come", () => {
  const beginnings = fc.oneof(
    fc
      .constantFrom(
        "",
        "P",
        "PROXY ",
        "PROXY TCP4 1.1.1.1 2.2.2.2 1 ",
        "PROXY TCP6 ::1 ::2 1 2\r",
        "PROXY UNKNOWN ",
      )
      .map(latin1Bytes),
    fc
      .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
      .map((fixed) => concatBytes([V2_SIGNATURE, Uint8Array.from(fixed)])),
  );
  const tails = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(70_000).map((size) => new Uint8Array(size).fill(0x20)),
    fc.string({ maxLength: 120 }).map((text) => new TextEncoder().encode(text)),
  );
  const bytes = fc.tuple(beginnings, tails).map(concatBytes);

  test("the same in all pieces, and known after so many bytes at most", () => {
    fc.assert(
      fc.property(bytes, cuts, (all, at) => {
        const { outcome } = outcomeOf(all);
        expect(outcomeOf(all, at).outcome).toEqual(outcome);
        const most = all[0] === 0x0d ? MAX_V2 : MAX_V1;
        if (isMore(outcome)) expect(all.length).toBeLessThan(most);
        expect(outcomeOf(all, byteByByte(all.subarray(0, most + 1))).after).toBeLessThanOrEqual(
          most,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test("damaged headers", () => {
    const written = fc
      .tuple(fc.constantFrom(1 as const, 2 as const), address, address)
      .map(([version, source, destination]) => proxyProtocolHeader(version, source, destination));
    const whole = fc.oneof(
      written,
      version2.map((header) => header.bytes),
    );
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(whole, damage, cuts, (header, spots, at) => {
        const damaged = header.slice();
        for (const [offset, value] of spots) damaged[offset % Math.min(60, header.length)] = value;
        const { outcome } = outcomeOf(damaged, at);
        expect(outcome).toEqual(outcomeOf(damaged).outcome);
        if (typeof outcome === "string" || !outcome.done) return;
        expect(outcome.consumed).toBeLessThanOrEqual(damaged.length);
        for (const side of [outcome.source, outcome.destination]) {
          if (side === null) continue;
          expect(parseIp(side.ip)).toBe(side.ip);
          expect(side.port).toBeWithin(0, 65_536);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
