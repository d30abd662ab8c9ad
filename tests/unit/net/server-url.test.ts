import { expect, test } from "bun:test";
import { parseServerUrl } from "../../../src/net/server-url.ts";

test.each([
  ["http://127.0.0.1:8080", "127.0.0.1:8080", "/"],
  ["h2c://[::1]:65535/x", "[::1]:65535", "/x"],
  ["https://example.com", "example.com", "/"],
  ["http://127.0.0.1:8989474/a?b", "127.0.0.1:0", "/a"],
  ["http://[::1]:65536", "[::1]:0", "/"],
])("%s", (text, host, path) => {
  const url = parseServerUrl(text)!;
  expect([url.host, url.pathname]).toEqual([host, path]);
});

test("what is no URL is none", () => {
  for (const text of ["127.0.0.1", "http://", "http://a:b", ""])
    expect(parseServerUrl(text)).toBeUndefined();
});
