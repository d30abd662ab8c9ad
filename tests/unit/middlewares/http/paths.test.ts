// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is how Go writes replacements
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Middleware } from "../../../../src/http/handler.ts";
import { addPrefix } from "../../../../src/middlewares/http/path/add-prefix.ts";
import { isCanonical, wirePath } from "../../../../src/middlewares/http/path/path-rewrite.ts";
import { replacePath } from "../../../../src/middlewares/http/path/replace-path.ts";
import { replacePathRegex } from "../../../../src/middlewares/http/path/replace-path-regex.ts";
import { stripPrefix } from "../../../../src/middlewares/http/path/strip-prefix.ts";
import { stripPrefixRegex } from "../../../../src/middlewares/http/path/strip-prefix-regex.ts";
import { apply, make } from "./apply.ts";

/** The target that the backend gets, with a header behind it, or the status of a refusal. */
async function outcome(
  links: Middleware | Middleware[],
  target: string,
  header = "",
): Promise<string> {
  const { reached, lazy, exchange, response } = await apply(links, { target });
  if (!reached) return `${response.status}`;
  expect(exchange.target).toBe(target);
  const values = header === "" ? [] : lazy.headerList.all(header);
  return [lazy.target, ...values].join(" ");
}

describe("addPrefix", () => {
  test("puts the prefix before the path", async () => {
    const cases: [string, string, string][] = [
      ["/a", "/b", "/a/b"],
      ["/a", "/b?x=%20", "/a/b?x=%20"],
      ["a", "/", "/a/"],
      ["/a/", "/b%2Fc", "/a//b%2Fc"],
      ["/ä b?", "/c", "/%C3%A4%20b%3F/c"],
    ];
    for (const [prefix, target, expected] of cases) {
      expect(await outcome(make(addPrefix, { prefix }), target)).toBe(expected);
    }
  });

  test("needs a prefix", () => {
    expect(() => make(addPrefix, { prefix: "" })).toThrow("prefix cannot be empty");
  });
});

describe("stripPrefix", () => {
  const strip = (target: string, prefixes: string[], forceSlash?: boolean) =>
    outcome(make(stripPrefix, { prefixes, forceSlash }), target, "x-forwarded-prefix");

  test("takes the first prefix that fits off and notes it", async () => {
    const cases: [string, string[], string][] = [
      ["/noprefixes", [], "/noprefixes"],
      ["/stat", ["/stat"], "/ /stat"],
      ["/stat/", ["/stat"], "/ /stat"],
      ["/status", ["/stat"], "/us /stat"],
      ["/stat/us", ["/stat", "/stat/us"], "/us /stat"],
      ["/stat/us", [" /nope ", " /stat/ "], "/us /stat/"],
      ["/stat?q=/stat", ["/stat"], "/?q=/stat /stat"],
      ["/STAT/x", ["/stat"], "/STAT/x"],
      ["/x/stat", ["/stat"], "/x/stat"],
    ];
    for (const [target, prefixes, expected] of cases)
      expect(await strip(target, prefixes)).toBe(expected);
  });

  test("compares decoded and cuts encoded", async () => {
    expect(await strip("/stat/a%2Fb", ["/stat"])).toBe("/a%2Fb /stat");
    expect(await strip("/foo%20bar/x%25", ["/foo bar"])).toBe("/x%25 /foo bar");
    expect(await strip("/a%2Fb/c", ["/a/b"])).toBe("/c /a/b");
    expect(await strip("/caf%C3%A9/x", ["/café"])).toBe("/x /cafÃ©");
    expect(await strip("/bad%zz", ["/b"])).toBe("400");
  });

  test("an encoded slash behind the prefix becomes the one in front, as with Go", async () => {
    expect(await strip("/foo%2Fx", ["/foo"])).toBe("/x /foo");
    expect(await strip("/foo%2Fa%2Fb%20c", ["/foo"])).toBe("/a/b%20c /foo");
    expect(await strip("/foo%2F", ["/foo"])).toBe("/ /foo");
    expect(await strip("/foo/%2Fx", ["/foo/"])).toBe("/x /foo/");
    expect(await strip("/foo%2F%2Fx", ["/foo"])).toBe("400");
    expect(await strip("/foo%2F/x", ["/foo"])).toBe("400");
    expect(await strip("/foo%2F..%2Fx", ["/foo"])).toBe("400");
  });

  test("refuses what is left where it is not a canonical path", async () => {
    for (const target of ["/a//b", "/a/../b", "/a/./b", "/a..", "/a/b/..", "/a/."]) {
      expect(await strip(target, ["/a"])).toBe("400");
    }
    expect(await strip("/a..b", ["/a"])).toBe("/..b /a");
  });

  test("forceSlash leaves exactly one slash in front", async () => {
    expect(await strip("/stat", ["/stat"], true)).toBe("/ /stat");
    expect(await strip("/stat/x", ["/stat"], true)).toBe("/x /stat");
    expect(await strip("/status", ["/stat"], true)).toBe("/us /stat");
    expect(await strip("/stat//x", ["/stat"], true)).toBe("400");
  });

  test("an emptied path gets no slash of its own when a prefix comes before it", async () => {
    const add = make(addPrefix, { prefix: "/v1" });
    const chain = (target: string, forceSlash?: boolean) =>
      outcome([make(stripPrefix, { prefixes: ["/api"], forceSlash }), add], target);
    expect(await chain("/api?x")).toBe("/v1?x");
    expect(await chain("/api/")).toBe("/v1/");
    expect(await chain("/api/x")).toBe("/v1/x");
    expect(await chain("/api", true)).toBe("/v1/");
  });

  test("notes the prefixes of several, one after the other", async () => {
    const links = ["/a", "/b"].map((prefix) => make(stripPrefix, { prefixes: [prefix] }));
    expect(await outcome(links, "/a/b/c", "x-forwarded-prefix")).toBe("/c /a /b");
  });
});

describe("stripPrefixRegex", () => {
  const strip = (target: string, regex: string[]) =>
    outcome(make(stripPrefixRegex, { regex }), target, "x-forwarded-prefix");

  test("takes what matches at the beginning off and notes it", async () => {
    const regex = ["/a/api/", "/b/([a-z0-9]+)/", "/c/[a-z0-9]+/[0-9]+/"];
    const cases: [string, string][] = [
      ["/a/test", "/a/test"],
      ["/a/api/test", "/test /a/api/"],
      ["/b/api/test1", "/test1 /b/api/"],
      ["/b/api2/", "/ /b/api2/"],
      ["/c/api/123/test3?q=1", "/test3?q=1 /c/api/123/"],
      ["/c/api/abc/test4", "/c/api/abc/test4"],
      ["/x/a/api/test", "/x/a/api/test"],
      ["/a/api/a%2Ftest", "/a%2Ftest /a/api/"],
    ];
    for (const [target, expected] of cases) expect(await strip(target, regex)).toBe(expected);
  });

  test("looks at the decoded path, as text", async () => {
    expect(await strip("/caf%C3%A9/x", ["^/caf./"])).toBe("/x /cafÃ©/");
    expect(await strip("/a%20b/x", ["^/a b"])).toBe("/x /a b");
    expect(await strip("/foo%2Fx", ["^/foo"])).toBe("/x /foo");
  });

  test("refuses what is not canonical, and expressions that are none", async () => {
    expect(await strip("/a//b", ["^/a"])).toBe("400");
    for (const target of ["/a%2F/b", "/a%2F%2Fb", "/a%2F..%2Fb", "/a%2F.%2Fb"])
      expect(await strip(target, ["^/a"])).toBe("400");
    expect(() => make(stripPrefixRegex, { regex: ["("] })).toThrow();
  });
});

describe("replacePath", () => {
  const replace = (target: string, path: string) =>
    outcome(make(replacePath, { path }), target, "x-replaced-path");

  test("puts its path in the place of the request's and notes that", async () => {
    expect(await replace("/foo%2Fbar?x=1", "/new")).toBe("/new?x=1 /foo%2Fbar");
    expect(await replace("/", "/a%20b")).toBe("/a%20b /");
    expect(await replace("/", "/a b?c")).toBe("/a%20b%3Fc /");
    expect(await replace("/x", "")).toBe("/ /x");
    expect(await replace("/x", "y")).toBe("/y /x");
  });

  test("refuses a path that can't be decoded when it is made", () => {
    expect(() => make(replacePath, { path: "/%zz" })).toThrow("invalid percent-encoding");
  });
});

describe("replacePathRegex", () => {
  const replace = (target: string, regex: string, replacement: string) =>
    outcome(make(replacePathRegex, { regex, replacement }), target, "x-replaced-path");

  test("rewrites what matches and notes the old path", async () => {
    const cases: [string, string, string, string][] = [
      [
        "/whoami/and/whoami",
        "^/whoami/(.*)",
        "/who-am-i/$1",
        "/who-am-i/and/whoami /whoami/and/whoami",
      ],
      ["/whoami?a=/whoami", " /whoami ", " /x${0} ", "/x/whoami?a=/whoami /whoami"],
      ["/other?x", "^/whoami", "/who", "/other?x"],
      ["/a%2Fb", "^/a%2Fb$", "/c%2Fd", "/c%2Fd /a%2Fb"],
      ["/aaa", "a", "b", "/bbb /aaa"],
      [
        "/invoices/2020/1",
        "^/invoices/(?P<year>\\d+)/(\\d+)$",
        "/archive/${year}-$2",
        "/archive/2020-1 /invoices/2020/1",
      ],
      ["/x", "^/x$", "/a b?c", "/a%20b%3Fc /x"],
    ];
    for (const [target, regex, replacement, expected] of cases) {
      expect(await replace(target, regex, replacement)).toBe(expected);
    }
  });

  test("500 for what can't be decoded, 400 for what isn't canonical", async () => {
    expect(await replace("/x", "^/x$", "/%zz")).toBe("500");
    expect(await replace("/x/etc", "^/x/(.*)$", "/a/../$1")).toBe("400");
    expect(await replace("/x/etc", "^/x(.*)$", "/$1")).toBe("400");
  });
});

describe("path rewriting", () => {
  test("a rewritten path has only characters of a path, and means the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const wire = wirePath(text);
        if (wire === null) {
          expect(text).toMatch(/%(?![0-9A-Fa-f]{2})/);
          return;
        }
        expect(wire).toMatch(/^(?:[0-9A-Za-z\-._~!$&'()*+,;=:@[\]/]|%[0-9A-Fa-f]{2})*$/);
        if (!text.includes("%")) expect(decodeURIComponent(wire)).toBe(text);
        expect(wirePath(wire)).toBe(wire);
      }),
    );
  });

  test("canonical paths are those that a URL keeps", () => {
    const path = fc.array(fc.constantFrom("", ".", "..", "a", "b.c", "...", ".x"), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(path, (segments) => {
        const text = `/${segments.join("/")}`;
        const kept = new URL(`http://x${text}`).pathname === text && !text.includes("//");
        expect(isCanonical(text)).toBe(kept);
      }),
    );
  });
});
