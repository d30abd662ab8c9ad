import { describe, expect, test } from "bun:test";
import { latin1Bytes } from "../../../../src/core/bytes.ts";
import { FieldSection } from "../../../../src/wire/http1/head/field-section.ts";
import { HeadScanner } from "../../../../src/wire/http1/head/head-scanner.ts";
import { RequestLine } from "../../../../src/wire/http1/head/request-line.ts";
import { DEFAULT_LIMITS } from "../../../../src/wire/http1/message.ts";
import { refuseRequest } from "../../../../src/wire/http1/protocol-error.ts";
import { SectionReader, type SectionScanner } from "../../../../src/wire/http1/section-reader.ts";

/** Bytes that count how often they are looked at. */
function counted(text: string): { bytes: Uint8Array; reads: () => number } {
  let reads = 0;
  const bytes = new Proxy(latin1Bytes(text), {
    get(target, key) {
      if (typeof key === "string" && /^\d/.test(key)) reads++;
      return Reflect.get(target, key, target);
    },
  });
  return { bytes, reads: () => reads };
}

/** Scans in steps of `step` bytes, without moving anything. */
function scanInSteps(scanner: SectionScanner, text: string, step: number): number {
  const { bytes, reads } = counted(text);
  for (let at = 0; at < text.length; at += step) {
    scanner.scan(bytes, at, Math.min(text.length, at + step));
  }
  return reads();
}

const filler: [name: string, text: (size: number) => string][] = [
  ["one long value", (size) => `A: ${"b".repeat(size)}\r\n\r\n`],
  ["one value of spaces", (size) => `A: b${" ".repeat(size)}\r\n\r\n`],
  ["nothing but spaces", (size) => `A:${" ".repeat(size)}\r\n\r\n`],
  ["one long name", (size) => `${"a".repeat(size)}: b\r\n\r\n`],
  ["many fields", (size) => `${"Cookie: a\r\n".repeat(size / 11)}\r\n`],
];

describe("scanning looks at every byte a bounded number of times", () => {
  for (const [name, text] of filler) {
    test(name, () => {
      const input = `GET /${"p".repeat(2000)} HTTP/1.1\r\n${text(20_000)}`;
      for (const step of [1, 7, input.length]) {
        const scanner = new HeadScanner(
          { ...DEFAULT_LIMITS, maxFields: 10_000 },
          new RequestLine(),
          refuseRequest,
        );
        scanner.begin(DEFAULT_LIMITS.maxHeadBytes);
        expect(scanInSteps(scanner, input, step)).toBeLessThan(input.length * 6);
      }
    });
  }
});

describe("gathering", () => {
  /** A section of `size` bytes, whatever they are, that notes what it is given to scan. */
  class Sized implements SectionScanner {
    scanned = 0;
    readonly arrays = new Set<Uint8Array>();
    private readonly size: number;

    constructor(size: number) {
      this.size = size;
    }

    scan(bytes: Uint8Array, at: number, end: number): number {
      this.arrays.add(bytes);
      const stop = Math.min(end, at + this.size - this.scanned);
      this.scanned += stop - at;
      return this.scanned === this.size ? stop : -1;
    }

    rebase(): void {}
  }

  test("scans every byte once and grows by doubling", () => {
    const size = 300_000;
    const scanner = new Sized(size);
    const reader = new SectionReader(scanner);
    const chunk = new Uint8Array(10);
    for (let fed = 0; fed < size - 10; fed += 10) expect(reader.read(chunk, 0, 10)).toBe(-1);
    expect(reader.read(chunk, 0, 10)).toBe(10);
    expect(scanner.scanned).toBe(size);
    // The first chunk itself, then 1 KiB to 512 KiB: what growing copies is less than what came.
    expect(scanner.arrays.size).toBeLessThanOrEqual(11);
    expect(reader.take().length).toBeLessThanOrEqual(2 * size + 1024);
  });

  test("copies little of what follows the section in its last chunk", () => {
    const scanner = new Sized(2000);
    const reader = new SectionReader(scanner);
    expect(reader.read(new Uint8Array(1990), 0, 1990)).toBe(-1);
    expect(reader.read(new Uint8Array(500_000), 3, 500_000)).toBe(13);
    expect(reader.take().length).toBeLessThan(20_000);
  });

  test("moves offsets with the bytes", () => {
    const section = new FieldSection(10, refuseRequest);
    const reader = new SectionReader(section);
    section.begin(1000);
    const first = latin1Bytes("....A: b\r\nNa");
    const second = latin1Bytes("me:  value\t\r\n\r\nGET");
    expect(reader.read(first, 4, first.length)).toBe(-1);
    expect(reader.read(second, 0, second.length)).toBe(second.length - 3);
    expect(section.takeFields()).toEqual([0, 0, 1, 3, 4, 0, 6, 10, 13, 18]);
    expect(String.fromCharCode(...reader.take().subarray(6, 18))).toBe("Name:  value");
  });
});
