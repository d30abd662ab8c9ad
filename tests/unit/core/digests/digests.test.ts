import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { md5 } from "../../../../src/core/digests/md5.ts";
import { sha256 } from "../../../../src/core/digests/sha256.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("md5 gives what RFC 1321 section A.5 says", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  expect(hex(md5(bytes("")))).toBe("d41d8cd98f00b204e9800998ecf8427e");
  expect(hex(md5(bytes("message digest")))).toBe("f96b697d7cb7938d525a2f31aaf161d0");
});

test("both are the platform's digests, for messages of all lengths around a block's", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = new Uint8Array(length).map((_, i) => i * 37 + length);
    expect(hex(md5(bytes))).toBe(createHash("md5").update(bytes).digest("hex"));
    expect(hex(sha256(bytes))).toBe(createHash("sha256").update(bytes).digest("hex"));
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
      expect(hex(md5(bytes))).toBe(createHash("md5").update(bytes).digest("hex"));
      expect(hex(sha256(bytes))).toBe(createHash("sha256").update(bytes).digest("hex"));
    }),
    { numRuns: 50 },
  );
});
