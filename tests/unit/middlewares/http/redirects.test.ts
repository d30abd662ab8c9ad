// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is how Go writes replacements
import { describe, expect, test } from "bun:test";
import type { Middleware } from "../../../../src/http/handler.ts";
import type { HttpMiddlewareOptions } from "../../../../src/middlewares/http/http-middleware.ts";
import { stripPrefix } from "../../../../src/middlewares/http/path/strip-prefix.ts";
import { locationOf } from "../../../../src/middlewares/http/redirect/redirect.ts";
import { redirectRegex } from "../../../../src/middlewares/http/redirect/redirect-regex.ts";
import { redirectScheme } from "../../../../src/middlewares/http/redirect/redirect-scheme.ts";
import { requestPath } from "../../../../src/request/request-path.ts";
import { type MadeRequest, TLS } from "../../../support/http/make-request.ts";
import { apply, make } from "./apply.ts";

async function scheme(
  options: HttpMiddlewareOptions<"redirectScheme">,
  made: MadeRequest,
): Promise<string> {
  const { reached, response } = await apply(make(redirectScheme, options), made);
  return reached ? "passed" : `${response.status} ${response.headers.get("location")}`;
}

async function regex(
  options: HttpMiddlewareOptions<"redirectRegex">,
  made: MadeRequest,
): Promise<string> {
  const { reached, response } = await apply(make(redirectRegex, options), made);
  return reached ? "passed" : `${response.status} ${response.headers.get("location")}`;
}

const proto = (value: string) => [["X-Forwarded-Proto", value]] as const;

describe("redirectScheme", () => {
  test("redirects to its scheme and port", async () => {
    const https = { scheme: "https" };
    const cases: [HttpMiddlewareOptions<"redirectScheme">, MadeRequest, string][] = [
      [https, { host: "foo", target: "/p?q=%20" }, "302 https://foo/p?q=%20"],
      [https, { host: "foo:8080" }, "302 https://foo/"],
      [{ ...https, port: "8443" }, { host: "foo" }, "302 https://foo:8443/"],
      [{ ...https, port: "443" }, { host: "foo" }, "302 https://foo/"],
      [{ ...https, port: "80" }, { host: "foo" }, "302 https://foo:80/"],
      [{ ...https, permanent: true }, { host: "foo" }, "301 https://foo/"],
      [https, { host: "foo", method: "POST" }, "307 https://foo/"],
      [{ ...https, permanent: true }, { host: "foo", method: "PUT" }, "308 https://foo/"],
      [https, { host: "foo", method: "HEAD" }, "307 https://foo/"],
      [{ scheme: "http" }, { host: "foo", tls: TLS }, "302 http://foo/"],
      [{ scheme: "wss" }, { host: "foo" }, "302 wss://foo/"],
      [https, { host: "[::1]:8080", target: "/x" }, "302 https://[::1]/x"],
      [https, { host: "[::1]" }, "302 https://[::1]/"],
    ];
    for (const [options, made, expected] of cases)
      expect(await scheme(options, made)).toBe(expected);
  });

  test("passes requests that came that way, here or at a proxy in front", async () => {
    const https = { scheme: "https" };
    const cases: [HttpMiddlewareOptions<"redirectScheme">, MadeRequest, string][] = [
      [https, { host: "foo", tls: TLS }, "passed"],
      [https, { host: "foo:443", tls: TLS }, "passed"],
      [https, { host: "foo:8443", tls: TLS }, "302 https://foo/"],
      [{ ...https, port: "8443" }, { host: "foo:8443", tls: TLS }, "passed"],
      [{ ...https, port: "8443" }, { host: "foo", tls: TLS }, "302 https://foo:8443/"],
      [https, { host: "foo", headers: proto("https") }, "passed"],
      [https, { host: "foo", headers: proto("WSS") }, "passed"],
      [https, { host: "foo", headers: proto("http") }, "302 https://foo/"],
      [https, { host: "foo", tls: TLS, headers: proto("ws") }, "302 https://foo/"],
      [https, { host: "foo", tls: TLS, headers: proto("other") }, "passed"],
      [{ scheme: "http" }, { host: "foo:80" }, "passed"],
    ];
    for (const [options, made, expected] of cases)
      expect(await scheme(options, made)).toBe(expected);
  });

  test("has the status's text as body, and needs a scheme", async () => {
    const { response } = await apply(make(redirectScheme, { scheme: "https", permanent: true }));
    expect(await response.text()).toBe("Moved Permanently");
    expect(response.headers.get("content-type")).toBeNull();
    expect(() => make(redirectScheme, { scheme: "" })).toThrow("you must provide a target scheme");
  });
});

describe("redirectRegex", () => {
  test("redirects where the whole URL matches", async () => {
    const cases: [HttpMiddlewareOptions<"redirectRegex">, MadeRequest, string][] = [
      [
        { regex: "^http://www\\.(.+?)/(.*)$", replacement: "https://${1}/$2", permanent: true },
        { host: "www.example.com", target: "/a?b=c" },
        "301 https://example.com/a?b=c",
      ],
      [
        { regex: "^http://foo:8080", replacement: "https://foo" },
        { host: "foo:8080", target: "/x" },
        "302 https://foo/x",
      ],
      [
        { regex: "^https://", replacement: "http://" },
        { host: "foo", tls: TLS, method: "DELETE" },
        "307 http://foo/",
      ],
      [{ regex: "^https://", replacement: "http://" }, { host: "foo" }, "passed"],
      [{ regex: "foo", replacement: "foo" }, { host: "foo" }, "passed"],
      [
        { regex: "^http://foo/(.*)", replacement: "/bar/$1" },
        { host: "foo", target: "/x" },
        "302 /bar/x",
      ],
      [
        { regex: "^http://foo/", replacement: "https://foo/ä b" },
        { host: "foo" },
        "302 https://foo/%C3%A4%20b",
      ],
      [{ regex: "^http://foo/", replacement: "https://f o/" }, { host: "foo" }, "502 null"],
    ];
    for (const [options, made, expected] of cases)
      expect(await regex(options, made)).toBe(expected);
  });
});

describe("the query of a redirection", () => {
  const location = async (target: string, encodeQuerySemicolons = false, ...more: Middleware[]) => {
    const way = requestPath({ sanitizePath: true, encodeQuerySemicolons });
    const links = [way, ...more, make(redirectScheme, { scheme: "https" })];
    const { response } = await apply(links, { host: "a.test", target });
    return response.headers.get("location");
  };

  test("keeps its semicolons, which become & on the way to servers", async () => {
    expect(await location("/x?a=1;b=2")).toBe("https://a.test/x?a=1;b=2");
    expect(await location("/a/../x?a=1&b;c&;d")).toBe("https://a.test/x?a=1&b;c&;d");
    expect(await location("/x;y?z")).toBe("https://a.test/x;y?z");
    const whole = { regex: "^http://(.*)$", replacement: "https://$1" };
    const way = requestPath({ sanitizePath: true });
    const { response } = await apply([way, make(redirectRegex, whole)], { target: "/?a;b" });
    expect(response.headers.get("location")).toBe("https://example.com/?a;b");
  });

  test("has them as the entrypoint or a middleware made them, where one did", async () => {
    expect(await location("/x?a=1;b=2", true)).toBe("https://a.test/x?a=1%3Bb=2");
    expect(await location("/p/x?a;b", false, make(stripPrefix, { prefixes: ["/p"] }))).toBe(
      "https://a.test/x?a&b",
    );
  });
});

describe("locationOf", () => {
  test("keeps URLs and encodes what may not stand in one", () => {
    const cases: [string, string | null][] = [
      ["https://a.example:8443/p%20q?x=y&z#f", "https://a.example:8443/p%20q?x=y&z#f"],
      ["//b/c d", "//b/c%20d"],
      ["https://a/?q=ü r", "https://a/?q=%C3%BC%20r"],
      ["https://a/%zz", null],
      ["https://a/\r\nSet-Cookie: x=1", null],
      ["https://a/\x7f", null],
      ["https://a<b/", null],
      ["", ""],
    ];
    for (const [url, expected] of cases) expect(locationOf(url)).toBe(expected);
  });
});
