import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  normalizeTarget,
  normalPathLength,
  routingPathOf,
} from "../../../src/http/request-target.ts";

const DEFAULTS = { sanitizePath: true, encodeQuerySemicolons: false };

/** Everything the fast path would have to agree with. */
function slow(target: string, options = DEFAULTS) {
  const normal = normalizeTarget(target, options);
  if (normal === null) return null;
  const question = normal.indexOf("?");
  return { normal, routing: routingPathOf(question < 0 ? normal : normal.slice(0, question)) };
}

describe("normalizeTarget", () => {
  // The first half is what Traefik's own tests expect of sanitizePath and of the whole way in.
  const cases: Record<string, string> = {
    "/b": "/b",
    "/b/": "/b/",
    "/../../b/": "/b/",
    "/../../b": "/b",
    "/a/b/..": "/a",
    "/a/b/../": "/a/",
    "/a/../../b": "/b",
    "/..///b///": "/b/",
    "/a/../b": "/b",
    "/a/./b": "/a/b",
    "/a//b": "/a/b",
    "/a/../c/../b": "/b",
    "/a/../../../c/../b": "/b",
    "/a/..//c/.././b": "/b",
    "/a/../b/%41%42%43//%2f/": "/b/ABC/%2F/",
    "/a/%2E%2E/%2e%2e/b/": "/b/",
    "/a/%252E%252E/%252E%252E/b/": "/a/%252E%252E/%252E%252E/b/",
    "/foo%20%2fbar": "/foo%20%2Fbar",
    "/a/..%2Fb/": "/a/..%2Fb/",
    "/": "/",
    "": "/",
    "?a": "/?a",
    "//": "/",
    "/..": "/",
    "/.": "/",
    "/a/.": "/a",
    "/...": "/...",
    "/.a/..b/c.": "/.a/..b/c.",
    "/%7euser/%5fx%2D": "/~user/_x-",
    '/a"b<c>^`{|}\\': "/a%22b%3Cc%3E%5E%60%7B%7C%7D%5C",
    "/caf\u00c3\u00a9": "/caf%C3%A9",
    "/!$&'()*+,;=:@[]": "/!$&'()*+,;=:@[]",
    "/a?b=//../.": "/a?b=//../.",
    "/a?": "/a?",
    "/a?b;c;d?e": "/a?b&c&d?e",
    "/a;b?c;d": "/a;b?c&d",
    "/a?%41%zz%": "/a?%41%zz%",
  };
  for (const [target, normal] of Object.entries(cases)) {
    test(JSON.stringify(target), () => expect(normalizeTarget(target, DEFAULTS)).toBe(normal));
  }

  for (const bad of [
    "/%",
    "/%f",
    "/%zz",
    "/a%2",
    "/%%41",
    "/a#b",
    "/a?b#c",
    "#",
    "/a\u0000",
    "/a b",
    "/a\u007f",
    "/a?\n",
    "foo",
    "*x",
    "%2Fa",
    "/\u0100",
    "http://a/",
  ]) {
    test(`refuses ${JSON.stringify(bad)}`, () => expect(normalizeTarget(bad, DEFAULTS)).toBeNull());
  }

  test("options", () => {
    expect(
      normalizeTarget("/a/..//b?x;y", { sanitizePath: false, encodeQuerySemicolons: true }),
    ).toBe("/a/..//b?x%3By");
  });
});

describe("routingPathOf", () => {
  const cases: Record<string, string> = {
    "/foo%20bar": "/foo bar",
    "/foo%2Fbar": "/foo%2Fbar",
    "/foo%20%2Fbar": "/foo %2Fbar",
    "/%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25":
      "/%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25",
    "/%22%3C%00%5C": '/"<\u0000\\',
    "/caf%C3%A9/%E2%82%AC%F0%9F%98%80": "/caf\u00e9/\u20ac\u{1f600}",
    // Bytes that are no UTF-8: each a character that no rule's text has.
    "/caf%E9": "/caf\udce9",
    "/%FF": "/\udcff",
    "/%C3x%C3%20%ED%A0%80%C0%AF": "/\udcc3x\udcc3 \udced\udca0\udc80\udcc0\udcaf",
    "/%EF%BB%BFa": "/\ufeffa",
    "/%25E9": "/%25E9",
  };
  for (const [path, routing] of Object.entries(cases)) {
    test(path, () => expect(routingPathOf(path)).toBe(routing));
  }
});

// Made of what matters, so that random targets hit it.
const target = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          "/",
          ".",
          "..",
          "//",
          "a",
          "b.c",
          "%2e",
          "%2F",
          "%41",
          "%20",
          "%C3%A9",
          "%e9",
          "?",
          ";",
          "&",
          "=",
          "%",
          "#",
          "[",
          '"',
          "\\",
          "~",
          "\u00e9",
        ),
      },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
    ),
    { maxLength: 12 },
  )
  .map((parts) => `/${parts.join("")}`);
const options = fc.record({ sanitizePath: fc.boolean(), encodeQuerySemicolons: fc.boolean() });

describe("for any target", () => {
  test("the fast path equals the slow one", () => {
    let fast = 0;
    fc.assert(
      fc.property(target, options, (text, chosen) => {
        const length = normalPathLength(text, chosen.sanitizePath);
        if (length < 0) return;
        fast++;
        expect(slow(text, chosen)).toEqual({ normal: text, routing: text.slice(0, length) });
      }),
      { numRuns: 5000 },
    );
    expect(fast).toBeGreaterThan(100);
  });

  test("the fast path takes what is normal and plain", () => {
    fc.assert(
      fc.property(target, options, (text, chosen) => {
        const result = slow(text, chosen);
        if (result === null || result.normal.includes("%") || result.normal.includes(";")) return;
        expect(normalPathLength(result.normal, chosen.sanitizePath)).toBe(result.routing.length);
      }),
      { numRuns: 3000 },
    );
  });

  test("normalising twice is normalising once, and leaves nothing to sanitise", () => {
    fc.assert(
      fc.property(target, options, (text, chosen) => {
        const once = slow(text, chosen);
        if (once === null) return;
        expect(slow(once.normal, chosen)).toEqual(once);
        expect(once.normal).toMatch(/^\/[\x21-\x7e]*(\?[\x21-\xff]*)?$/);
        if (chosen.sanitizePath) {
          const segments = once.normal.split("?")[0].split("/").slice(1, -1);
          expect(segments.some((s) => s === "" || s === "." || s === "..")).toBe(false);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
