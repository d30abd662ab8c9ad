import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Exchange, NO_DOWNSTREAM } from "../../../../src/http/exchange.ts";
import { cookieValue, Sticky } from "../../../../src/services/http/sticky.ts";
import { receivedHeaders } from "../../../support/http/make-request.ts";

const exchange = new Exchange(NO_DOWNSTREAM);
const URLS = ["http://127.0.0.1:8081", "http://127.0.0.1:8082"];

async function cookieOf(options: Parameters<typeof Sticky.create>[0]): Promise<string> {
  const sticky = await Sticky.create(options, "shop@file", URLS);
  const response = await sticky.mark(0, new Response("x"), exchange);
  return response.headers.getSetCookie().join();
}

describe("Sticky", () => {
  test("names and values are Traefik's hashes", async () => {
    // printf '_TRAEFIK_BACKEND_shop@file' | sha1sum; printf 'http://127.0.0.1:8081' | sha256sum
    expect(await cookieOf({})).toBe("_8705d=08d5f409490f61fc; Path=/");
  });

  test("understands its own values, the name itself, and both older hashes", async () => {
    const sticky = await Sticky.create({ name: "lb" }, "shop@file", URLS);
    const value = (await sticky.mark(1, new Response(), exchange)).headers
      .getSetCookie()[0]
      .match(/lb=(\w+)/)![1];
    expect(sticky.indexOf(value)).toBe(1);
    expect(sticky.isCurrent(value, 1)).toBe(true);
    expect(sticky.indexOf(URLS[1])).toBe(1);
    expect(sticky.isCurrent(URLS[1], 1)).toBe(false);
    // FNV-1 of the URL with 64 bits, once and twice, computed with another program.
    expect(sticky.indexOf("5a1cc52f3f46040e")).toBe(1);
    expect(sticky.indexOf("7d49894b220072d3")).toBe(1);
    expect(sticky.indexOf("unknown")).toBe(-1);
  });

  test("writes attributes as Go's net/http does", async () => {
    expect(
      await cookieOf({
        name: "my cookie;é",
        secure: true,
        httpOnly: true,
        sameSite: "Strict",
        maxAge: 42,
        path: "/a;b",
        domain: ".example.com",
      }),
    ).toMatch(
      /^my_cookie__=[0-9a-f]{16}; Path=\/ab; Domain=example\.com; Max-Age=42; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(await cookieOf({ name: "a", maxAge: -1, sameSite: "other", path: "" })).toMatch(
      /^a=[0-9a-f]{16}; Max-Age=0$/,
    );
    expect(await cookieOf({ name: "a", sameSite: "NONE" })).toEndWith("; SameSite=None");
  });

  test("refuses a domain that is none", async () => {
    await expect(Sticky.create({ domain: "a b; Path=/x" }, "s", [])).rejects.toThrow(
      "sticky.cookie.domain",
    );
  });
});

describe("cookieValue", () => {
  const find = (cookies: string[], name: string) =>
    cookieValue(receivedHeaders(cookies.map((value) => ["Cookie", value] as const)), name);

  test("finds the first cookie of exactly that name", () => {
    expect(find(["a=1; lb=2; lb=3"], "lb")).toBe("2");
    expect(find(["xlb=1;lb=2"], "lb")).toBe("2");
    expect(find(["lbx=1", "lb=2"], "lb")).toBe("2");
    expect(find(["a=lb=1; b=2"], "lb")).toBeNull();
    expect(find(['lb="q w"'], "lb")).toBe("q w");
    expect(find(["lb="], "lb")).toBe("");
    expect(find(["lb"], "lb")).toBeNull();
    expect(find([], "lb")).toBeNull();
  });

  test("equals a split of the field", () => {
    const part = fc.stringMatching(/^[ab=; ]{0,6}$/);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const field = parts.join(";");
        const pair = field
          .split(";")
          .map((text) => text.trim())
          .find((text) => text.startsWith("a="));
        expect(find([field], "a")).toBe(pair === undefined ? null : pair.slice(2).trim());
      }),
    );
  });
});
