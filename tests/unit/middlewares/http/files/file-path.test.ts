import { expect, test } from "bun:test";
import fc from "fast-check";
import { filePath } from "../../../../../src/middlewares/http/files/file-path.ts";

test.each([
  ["/", "/"],
  ["/a.html", "/a.html"],
  ["/a/b/", "/a/b/"],
  ["/a%20b/%C3%BC.txt", "/a b/ü.txt"],
  ["/a..b", "/a..b"],
  ["/...", null],
  ["/a/..", null],
  ["/../a", null],
  ["/%2e%2e/a", null],
  ["/%2E%2e%2fa", null],
  ["/..%2fa", null],
  ["/a%2fb", null],
  ["/a\\b", null],
  ["/..\\..\\a", null],
  ["/a%5c..%5cb", null],
  ["/a%00.txt", null],
  ["/%252e%252e/a", "/%2e%2e/a"],
  ["/x%252e%252e/a", "/x%2e%2e/a"],
  ["/./a", null],
  ["//a", null],
  ["/a//b", null],
  ["a", null],
  ["*", null],
  ["", null],
  ["/%c0%ae%c0%ae/a", null],
  ["/%ff", null],
  ["/%zz", null],
  ["/%", null],
  ["/.git/config", null],
  ["/a/.env", null],
  ["/%2eenv", null],
  ["/.well-known/security.txt", "/.well-known/security.txt"],
  ["/a/.well-known/x", null],
  ["/.well-known/.x", null],
])("%s", (path, expected) => {
  expect(filePath(path, false)).toBe(expected);
});

test("names with a dot at the front are there for those who want them; what climbs isn't", () => {
  expect(filePath("/.git/config", true)).toBe("/.git/config");
  for (const path of ["/..", "/.", "/a/../b", "/%2e%2e"]) expect(filePath(path, true)).toBeNull();
});

test("nothing that comes out climbs, whatever goes in", () => {
  const piece = fc.constantFrom(
    "/",
    "..",
    ".",
    "%2e",
    "%2F",
    "%5c",
    "\\",
    "%00",
    "a",
    "%C3%BC",
    "%",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, dotFiles) => {
      const result = filePath(pieces.join(""), dotFiles);
      if (result === null) return;
      const segments = result.split("/");
      expect(segments[0]).toBe("");
      for (const segment of segments.slice(1)) expect([".", ".."]).not.toContain(segment);
      expect(result).not.toMatch(/[\\\0]|\/\//);
    }),
  );
});
