import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { canonicalHost, requestDecorator } from "../../../src/request/request-decorator.ts";
import { makeRequest } from "../../support/http/make-request.ts";

describe("canonicalHost", () => {
  const cases: Record<string, string> = {
    "example.com": "example.com",
    "Example.COM": "example.com",
    "example.com:8080": "example.com",
    "example.com.": "example.com",
    "EXAMPLE.com.:443": "example.com",
    "example.com..": "example.com.",
    "192.0.2.1:80": "192.0.2.1",
    "[::1]": "::1",
    "[::1]:8080": "::1",
    "[2001:DB8::1]:80": "2001:db8::1",
    "::1": "::1",
    "[::1]x": "[::1]x",
    "[::1": "[::1",
    "example.com:": "example.com",
    ":80": "",
    " example.com ": "example.com",
    "foo_bar-1.example": "foo_bar-1.example",
    "": "",
  };
  for (const [host, canonical] of Object.entries(cases)) {
    test(JSON.stringify(host), () => expect(canonicalHost(host)).toBe(canonical));
  }

  test("a host in any case, with any port and dot, is one host", () => {
    fc.assert(
      fc.property(fc.domain(), fc.nat(65535), fc.boolean(), (domain, port, dot) => {
        const host = `${domain}${dot ? "." : ""}`;
        const lower = domain.toLowerCase();
        expect([host, host.toUpperCase(), `${host}:${port}`].map(canonicalHost)).toEqual([
          lower,
          lower,
          lower,
        ]);
      }),
    );
  });
});

test("the decorator notes it for the rules", async () => {
  const { request, exchange } = makeRequest({ host: "WWW.Example.com:8443" });
  const response = await requestDecorator()((_, { routingHost }) => new Response(routingHost))(
    request,
    exchange,
  );
  expect(await response.text()).toBe("www.example.com");
  expect(exchange.host).toBe("WWW.Example.com:8443");
});
