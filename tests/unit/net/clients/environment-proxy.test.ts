import { expect, test } from "bun:test";
import {
  environmentProxy,
  proxyAuthorization,
} from "../../../../src/net/clients/environment-proxy.ts";

const PROXY = "http://proxy.test:3128";

const of = (url: string, env: Record<string, string>) =>
  environmentProxy(new URL(url), env)?.href ?? "none";

test("the proxy is that of the URL's scheme, in either case, with or without its own", () => {
  const env = { HTTPS_PROXY: PROXY, http_proxy: "other.test" };
  expect(of("https://api.test/", env)).toBe("http://proxy.test:3128/");
  expect(of("http://api.test/", env)).toBe("http://other.test/");
  expect(of("https://api.test/", {})).toBe("none");
  expect(of("https://api.test/", { https_proxy: "https://p.test" })).toBe("https://p.test/");
});

test.each([
  ["https://localhost/", "", "none"],
  ["https://127.0.0.9/", "", "none"],
  ["https://[::1]/", "", "none"],
  ["http://169.254.169.254/", "", "none"],
  ["https://api.test/", "*", "none"],
  ["https://api.test/", "api.test", "none"],
  ["https://a.api.test/", "other, api.test", "none"],
  ["https://api.test/", ".api.test", PROXY],
  ["https://a.api.test/", ".api.test", "none"],
  ["https://a.api.test/", "*.api.test", "none"],
  ["https://notapi.test/", "api.test", PROXY],
  ["https://api.test/", "api.test:8443", PROXY],
  ["https://api.test:8443/", "api.test:8443", "none"],
  ["https://api.test/", "api.test:443", "none"],
  ["https://192.0.2.7/", "192.0.2.0/24", "none"],
  ["https://192.0.3.7/", "192.0.2.0/24", PROXY],
  ["https://192.0.2.7/", "192.0.2.7", "none"],
  ["https://[2001:db8::1]/", "2001:db8::1", "none"],
  ["https://[2001:db8::1]/", "[2001:db8::1]:443", "none"],
  ["https://api.test/", "1.2.3/4,::/x", PROXY],
])("%s with NO_PROXY=%s has %s", (url, list, expected) => {
  const env = { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY, NO_PROXY: list };
  expect(of(url, env).replace(/\/$/, "")).toBe(expected);
});

test("another kind of proxy is refused, and what it says isn't shown", () => {
  for (const proxy of ["socks5://user:secret@p.test", "http://[", "ftp://p.test"])
    expect(() => of("https://api.test/", { HTTPS_PROXY: proxy })).toThrow(
      "HTTPS_PROXY: expected the URL of a proxy with http or https, found another",
    );
});

test("a proxy's user is told to it", () => {
  expect(proxyAuthorization(new URL("http://me:p%40ss@p.test"))).toEqual({
    "Proxy-Authorization": `Basic ${btoa("me:p@ss")}`,
  });
  expect(proxyAuthorization(new URL(PROXY))).toEqual({});
});
