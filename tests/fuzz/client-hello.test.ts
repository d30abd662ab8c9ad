import { expect, test } from "bun:test";
import fc from "fast-check";
import { latin1 } from "../../src/core/bytes.ts";
import { type ClientHello, ClientHelloParser } from "../../src/net/client-hello.ts";
import { CLIENT_HELLOS } from "../unit/net/client-hellos.ts";
import {
  hello,
  helloMessage,
  inRecords,
  protocols,
  serverNames,
  versions,
} from "../unit/net/make-client-hello.ts";

type Outcome = ClientHello | string | null;

/** What comes of the bytes, cut at the given fractions. */
function outcomeOf(bytes: Uint8Array, cuts: readonly number[] = []): Outcome {
  const parser = new ClientHelloParser();
  const offsets = cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b);
  let at = 0;
  try {
    for (const end of [...offsets, bytes.length]) {
      const found = parser.push(bytes.slice(at, end));
      at = end;
      if (found !== null) return found;
    }
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    // A mistake in the parser itself would be one of these.
    expect(error).not.toBeInstanceOf(TypeError);
    expect(error).not.toBeInstanceOf(RangeError);
    return (error as Error).message;
  }
}

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });
const recorded = fc.constantFrom(...CLIENT_HELLOS.map(({ bytes }) => bytes));

const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const hostName = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join("."));
// Two equal bytes like these are GREASE.
const protocol = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map((bytes) => latin1(bytes))
  .filter((name) => !/^([\x0a\x1a*:JZjz\x8a\x9a\xaa\xba\xca\xda\xea\xfa])\1$/.test(name));

test("what was written is read, in any records and chunks", () => {
  fc.assert(
    fc.property(
      hostName,
      fc.array(protocol, { minLength: 1, maxLength: 6 }),
      fc.array(fc.constantFrom(0x0301, 0x0302, 0x0303, 0x0304), { minLength: 1, maxLength: 4 }),
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 600 }),
      cuts,
      (serverName, alpn, supportedVersions, others, recordSize, at) => {
        const message = helloMessage({
          extensions: [
            ...others.map((content, i) => [0x5000 + i, content] as const),
            protocols(...alpn),
            serverNames(serverName),
            versions(...supportedVersions),
          ],
        });
        const expected = { serverName, alpn, supportedVersions };
        expect(outcomeOf(inRecords(message, recordSize), at)).toEqual(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test("damaged bytes end in a message or a value, the same however they are cut", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(recorded, damage, cuts, fc.double({ min: 0, max: 1 }), (bytes, spots, at, end) => {
      const damaged = bytes.slice(0, Math.ceil(bytes.length * end));
      for (const [offset, value] of spots) {
        if (damaged.length > 0) damaged[offset % Math.min(damaged.length, 300)] = value;
      }
      expect(outcomeOf(damaged, at)).toEqual(outcomeOf(damaged));
    }),
    { numRuns: 3000 },
  );
});

test("damaged lengths of extensions never read beyond the message", () => {
  const known = fc.constantFrom(0, 16, 43, 51, 0xfe0d);
  fc.assert(
    fc.property(known, fc.uint8Array({ maxLength: 40 }), cuts, (type, content, at) => {
      const bytes = hello({ extensions: [[type, content]] });
      expect(outcomeOf(bytes, at)).toEqual(outcomeOf(bytes));
    }),
    { numRuns: 3000 },
  );
});

test("any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), cuts, (bytes, at) => {
      const outcome = outcomeOf(bytes, at);
      expect(outcome).toEqual(outcomeOf(bytes));
      if (bytes.length > 0 && bytes[0] !== 22) expect(typeof outcome).toBe("string");
    }),
    { numRuns: 2000 },
  );
});
