import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../../src/core/errors.ts";
import { LazyResponse } from "../../../../src/http/lazy/lazy-response.ts";
import { headers } from "../../../../src/middlewares/http/headers/headers.ts";
import type { HttpMiddlewareOptions } from "../../../../src/middlewares/http/http-middleware.ts";
import { type MadeRequest, makeRequest, TLS } from "../../../support/http/make-request.ts";
import { apply, make } from "./apply.ts";

const through = (
  options: HttpMiddlewareOptions<"headers">,
  made: MadeRequest = {},
  answer?: (request: Request) => Response | Promise<Response>,
) => apply(make(headers, options), made, answer);

describe("custom headers", () => {
  test("set, replace and delete request headers", async () => {
    const { lazy } = await through(
      {
        customRequestHeaders: {
          "x-new": "1",
          "X-Old": "2",
          "x-gone": "",
          Accept: "b",
          "x-utf": "ü",
        },
      },
      {
        headers: [
          ["x-old", "1"],
          ["X-Old", "3"],
          ["X-Gone", "1"],
          ["accept", "a"],
        ],
      },
    );
    expect([...lazy.headerList.entries()]).toEqual([
      ["X-New", "1"],
      ["X-Old", "2"],
      ["Accept", "b"],
      ["X-Utf", "Ã¼"],
    ]);
  });

  test("change the Host that the backend gets, and never delete it", async () => {
    const changed = await through(
      { customRequestHeaders: { host: "other.example" } },
      { headers: [["Host", "a"]] },
    );
    expect(changed.lazy.host).toBe("other.example");
    expect(changed.exchange.host).toBe("example.com");
    const kept = await through(
      { customRequestHeaders: { Host: "" } },
      { headers: [["Host", "a"]] },
    );
    expect(kept.lazy.host).toBe("example.com");
    expect(kept.lazy.headerList.first("host")).toBe("a");
  });

  test("an emptied X-Forwarded-For hides the peer from the backend too", async () => {
    const { lazy } = await through(
      { customRequestHeaders: { "X-Forwarded-For": "" } },
      { headers: [["X-Forwarded-For", "1.2.3.4"]] },
    );
    expect(lazy.headerList.has("x-forwarded-for")).toBe(false);
    expect(lazy.forwardPeer).toBe(false);
    expect((await through({ customRequestHeaders: { a: "b" } })).lazy.forwardPeer).toBe(true);
  });

  test("set, replace and delete response headers, on native and lazy responses, now and later", async () => {
    const options = {
      customResponseHeaders: { "x-new": "1", "x-powered-by": "", server: "sluice" },
    };
    const native = () =>
      new Response("b", { headers: { "X-Powered-By": "php", Server: "apache" } });
    for (const answer of [native, async () => native(), () => LazyResponse.of(native())]) {
      const { response } = await through(options, {}, answer);
      expect([...response.headers].filter(([name]) => name !== "content-type")).toEqual([
        ["server", "sluice"],
        ["x-new", "1"],
      ]);
      expect(await response.text()).toBe("b");
    }
  });

  test("answer at once where the handler does", () => {
    const { request, exchange } = makeRequest();
    const handler = make(headers, { customResponseHeaders: { a: "b" } })(() => new Response("x"));
    expect(handler(request, exchange)).toBeInstanceOf(Response);
  });

  test("errors pass", async () => {
    const error = new ProxyError("connect-failed", "upstream", "refused");
    await expect(
      through({ customResponseHeaders: { a: "b" } }, {}, () => Promise.reject(error)),
    ).rejects.toBe(error);
  });

  test("names and values are checked when they are made", () => {
    expect(() => make(headers, { customRequestHeaders: { "a b": "c" } })).toThrow('found "a b"');
    expect(() => make(headers, { customResponseHeaders: { a: "b\r\nc: d" } })).toThrow(
      "Invalid header value",
    );
    expect(() => make(headers, {})).toThrow("headers configuration not valid");
    expect(() => make(headers, { customRequestHeaders: {}, allowedHosts: [] })).toThrow(
      "not valid",
    );
  });
});

describe("CORS", () => {
  const preflight = (
    origin = "https://foo.bar.org",
    more: [string, string][] = [],
  ): MadeRequest => ({
    method: "OPTIONS",
    headers: [["Origin", origin], ["Access-Control-Request-Method", "GET"], ...more],
  });
  const answered = async (options: HttpMiddlewareOptions<"headers">, made = preflight()) => {
    const { reached, response } = await through(options, made);
    expect(reached).toBe(false);
    expect(response.status).toBe(200);
    return Object.fromEntries(response.headers);
  };

  test("answers preflights", async () => {
    expect(
      await answered({
        accessControlAllowMethods: ["GET", "PUT"],
        accessControlAllowHeaders: ["origin", "X-Forwarded-For"],
        accessControlAllowOriginList: ["https://foo.bar.org"],
        accessControlExposeHeaders: ["A", "B"],
        accessControlMaxAge: 600,
      }),
    ).toEqual({
      "access-control-allow-headers": "origin,X-Forwarded-For",
      "access-control-allow-methods": "GET,PUT",
      "access-control-allow-origin": "https://foo.bar.org",
      "access-control-expose-headers": "A,B",
      "access-control-max-age": "600",
    });
    expect(await answered({ accessControlAllowOriginList: ["*"], accessControlMaxAge: 0 })).toEqual(
      {
        "access-control-allow-origin": "*",
        "access-control-max-age": "0",
      },
    );
    expect(await answered({ accessControlAllowOriginList: ["https://other.org"] })).toEqual({});
  });

  test("with credentials there are no wildcards", async () => {
    expect(
      await answered(
        {
          accessControlAllowCredentials: true,
          accessControlAllowHeaders: ["*"],
          accessControlAllowMethods: ["*"],
          accessControlAllowOriginList: ["*"],
          accessControlExposeHeaders: ["*"],
        },
        preflight("https://a.b", [["Access-Control-Request-Headers", "X-One,X-Two"]]),
      ),
    ).toEqual({
      "access-control-allow-credentials": "true",
      "access-control-allow-headers": "X-One,X-Two",
      "access-control-allow-methods": "GET",
      "access-control-allow-origin": "https://a.b",
    });
  });

  test("what is no preflight goes to the backend", async () => {
    const options = { accessControlAllowOriginList: ["*"] };
    for (const made of [
      { method: "OPTIONS" },
      { method: "OPTIONS", headers: [["Origin", "https://a"]] },
      { method: "OPTIONS", headers: [["Access-Control-Request-Method", "GET"]] },
      { ...preflight(), method: "GET" },
    ] as MadeRequest[]) {
      expect((await through(options, made)).reached).toBe(true);
    }
    expect((await through({ customRequestHeaders: { a: "b" } }, preflight())).reached).toBe(true);
  });

  const originOf = async (options: HttpMiddlewareOptions<"headers">, origin: string) => {
    const made: MadeRequest = origin === "" ? {} : { headers: [["Origin", origin]] };
    const { response } = await through(
      options,
      made,
      () => new Response("x", { headers: { "Access-Control-Allow-Origin": "backend" } }),
    );
    return response.headers.get("access-control-allow-origin");
  };

  test("marks responses with the origin that is allowed", async () => {
    const list = { accessControlAllowOriginList: ["https://a.org", "https://b.org"] };
    expect(await originOf(list, "https://b.org")).toBe("https://b.org");
    expect(await originOf(list, "https://c.org")).toBe("backend");
    expect(await originOf(list, "")).toBe("backend");
    expect(await originOf({ accessControlAllowOriginList: ["*"] }, "")).toBe("*");
    const credentials = {
      accessControlAllowOriginList: ["*"],
      accessControlAllowCredentials: true,
    };
    expect(await originOf(credentials, "https://x")).toBe("https://x");
    expect(await originOf(credentials, "")).toBe("backend");
    const regex = {
      accessControlAllowOriginListRegex: ["^https://[a-z]+\\.bar\\.org$", "^https://foo$"],
    };
    expect(await originOf(regex, "https://foo.bar.org")).toBe("https://foo.bar.org");
    expect(await originOf(regex, "https://foo")).toBe("https://foo");
    expect(await originOf(regex, "https://foo.bar.org.evil")).toBe("backend");
    expect(() => make(headers, { accessControlAllowOriginListRegex: ["("] })).toThrow();
  });

  test("marks credentials, exposed headers and Vary", async () => {
    const { response } = await through(
      {
        accessControlAllowCredentials: true,
        accessControlExposeHeaders: ["X-A", "X-B"],
        addVaryHeader: true,
      },
      {},
      () => new Response("x", { headers: { Vary: "Accept" } }),
    );
    expect(response.headers.get("access-control-allow-credentials")).toBe("true");
    expect(response.headers.get("access-control-expose-headers")).toBe("X-A,X-B");
    expect(response.headers.get("vary")).toBe("Accept,Origin");
    for (const vary of [{}, { vary: "Origin" }] as Record<string, string>[]) {
      const again = await through(
        { addVaryHeader: true },
        {},
        () => new Response("x", { headers: vary }),
      );
      expect(again.response.headers.get("vary")).toBe("Origin");
    }
  });

  test("goes by the Origin that custom headers left", async () => {
    const options = {
      accessControlAllowOriginListRegex: [".*"],
      customRequestHeaders: { Origin: "" },
    };
    expect(await originOf(options, "https://a")).toBe("backend");
  });
});

describe("security headers", () => {
  const set = async (options: HttpMiddlewareOptions<"headers">, made: MadeRequest = {}) => {
    const { response } = await through(options, made, () => new Response(null));
    return Object.fromEntries(response.headers);
  };

  test("are set, and win over the backend's", async () => {
    expect(
      await set({
        frameDeny: true,
        contentTypeNosniff: true,
        browserXssFilter: true,
        contentSecurityPolicy: "default-src 'self'",
        contentSecurityPolicyReportOnly: "default-src 'none'",
        referrerPolicy: "same-origin",
        permissionsPolicy: "camera=()",
      }),
    ).toEqual({
      "x-frame-options": "DENY",
      "x-content-type-options": "nosniff",
      "x-xss-protection": "1; mode=block",
      "content-security-policy": "default-src 'self'",
      "content-security-policy-report-only": "default-src 'none'",
      "referrer-policy": "same-origin",
      "permissions-policy": "camera=()",
    });
    expect(
      await set({
        frameDeny: true,
        customFrameOptionsValue: "SAMEORIGIN",
        browserXssFilter: true,
        customBrowserXSSValue: "0",
        customResponseHeaders: { "x-xss-protection": "" },
      }),
    ).toEqual({ "x-frame-options": "SAMEORIGIN" });
    const { response } = await through(
      { frameDeny: true },
      {},
      () => new Response("", { headers: { "X-Frame-Options": "ALLOW" } }),
    );
    expect(response.headers.get("x-frame-options")).toBe("DENY");
  });

  test("STS and public keys are for HTTPS", async () => {
    const options = {
      stsSeconds: 42,
      stsIncludeSubdomains: true,
      stsPreload: true,
      publicKey: "pin",
    };
    const both = {
      "strict-transport-security": "max-age=42; includeSubDomains; preload",
      "public-key-pins": "pin",
    };
    expect(await set(options)).toEqual({});
    expect(await set(options, { tls: TLS })).toEqual(both);
    const proxied = { ...options, sslProxyHeaders: { "X-Forwarded-Proto": "https" } };
    expect(await set(proxied, { headers: [["x-forwarded-proto", "https"]] })).toEqual(both);
    expect(await set(proxied, { headers: [["x-forwarded-proto", "http"]] })).toEqual({});
    expect(await set({ ...options, forceSTSHeader: true })).toEqual({
      "strict-transport-security": "max-age=42; includeSubDomains; preload",
    });
    expect(await set({ ...options, isDevelopment: true }, { tls: TLS })).toEqual({});
    expect(await set({ stsSeconds: 0, forceSTSHeader: true })).toEqual({});
  });

  test("a nonce is new for every request and the same in both policies", async () => {
    const options = {
      contentSecurityPolicy: "script-src $NONCE $NONCE",
      contentSecurityPolicyReportOnly: "style-src $NONCE",
    };
    const first = await set(options);
    const second = await set(options);
    const nonce = first["content-security-policy"].match(
      /^script-src ('nonce-[A-Za-z0-9+/]{22}') \1$/,
    )![1];
    expect(first["content-security-policy-report-only"]).toBe(`style-src ${nonce}`);
    expect(second["content-security-policy"]).not.toBe(first["content-security-policy"]);
  });

  test("only allowed hosts pass", async () => {
    const options = { allowedHosts: ["Foo.com", "bar.com"], customResponseHeaders: { "x-a": "b" } };
    expect((await through(options, { host: "foo.COM" })).reached).toBe(true);
    const { reached, response } = await through(options, { host: "foo.com:81" });
    expect(reached).toBe(false);
    expect(response.status).toBe(500);
    expect(await response.text()).toBe("Bad Host\n");
    expect(response.headers.get("x-a")).toBe("b");
    expect((await through({ ...options, isDevelopment: true }, { host: "x" })).reached).toBe(true);
    const proxied = { ...options, hostsProxyHeaders: ["X-None", "X-Forwarded-Host"] };
    expect(
      (await through(proxied, { host: "x", headers: [["X-Forwarded-Host", "bar.com"]] })).reached,
    ).toBe(true);
    expect(
      (await through(proxied, { host: "bar.com", headers: [["X-Forwarded-Host", "x"]] })).reached,
    ).toBe(false);
    expect((await through(proxied, { host: "bar.com" })).reached).toBe(true);
  });
});
