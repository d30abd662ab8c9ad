import { describe, expect, test } from "bun:test";
import { Body } from "../../../src/http/body.ts";
import { Exchange, NO_DOWNSTREAM } from "../../../src/http/exchange.ts";
import { LazyRequest } from "../../../src/http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../src/http/lazy/lazy-response.ts";
import { HeaderList } from "../../../src/wire/header-list.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function lazyRequest(body: string | null = "payload", method = "POST"): LazyRequest {
  const headers = HeaderList.from([
    ["Host", "shop.example:8080"],
    ["Content-Type", "application/json"],
    ["X-Many", "1"],
    ["x-many", "2"],
  ]);
  return new LazyRequest(
    new Exchange(NO_DOWNSTREAM),
    method,
    "http",
    "shop.example:8080",
    "/a/b?c=d",
    headers,
    body === null ? null : Body.of(bytes(body)),
  );
}

function lazyResponse(body: string | null = "payload"): LazyResponse {
  const headers = HeaderList.from([
    ["Content-Type", "text/plain"],
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
  ]);
  return new LazyResponse(201, headers, body === null ? null : Body.of(bytes(body)));
}

describe("LazyRequest", () => {
  test("passes for the platform's Request", async () => {
    const request = lazyRequest('{"n":1}');
    expect(request).toBeInstanceOf(Request);
    expect(request.headers).toBeInstanceOf(Headers);
    expect(request.method).toBe("POST");
    expect(request.url).toBe("http://shop.example:8080/a/b?c=d");
    expect(request.headers.get("x-many")).toBe("1, 2");
    expect(request.bodyUsed).toBe(false);
    expect(await request.json()).toEqual({ n: 1 });
    expect(request.bodyUsed).toBe(true);
  });

  test("becomes a native one, with its body", async () => {
    for (const native of [
      new Request(lazyRequest()),
      new Request("http://other.example/", lazyRequest()),
      lazyRequest().native(),
      lazyRequest().clone(),
    ]) {
      expect(native.method).toBe("POST");
      expect(native.headers.get("content-type")).toBe("application/json");
      expect(await native.text()).toBe("payload");
    }
  });

  test("a native request becomes a lazy one", async () => {
    const lazy = LazyRequest.of(
      new Request("http://shop.example/x?y=1", {
        method: "PUT",
        body: "data",
        headers: { "x-a": "b" },
      }),
    );
    expect([lazy.method, lazy.host, lazy.target]).toEqual(["PUT", "shop.example", "/x?y=1"]);
    expect(lazy.headerList.first("x-a")).toBe("b");
    expect(await lazy.text()).toBe("data");
    expect(LazyRequest.of(lazy)).toBe(lazy);
  });

  test("has no body where there is none", async () => {
    const request = lazyRequest(null, "GET");
    expect(request.body).toBeNull();
    expect(await request.text()).toBe("");
    expect(new Request(request).method).toBe("GET");
  });

  test("an aborted exchange aborts its signal", () => {
    const request = lazyRequest();
    const { signal } = request;
    expect(signal.aborted).toBe(false);
    request.exchange.abort(new Error("gone") as never);
    expect(signal.aborted).toBe(true);
  });
});

describe("LazyResponse", () => {
  test("passes for the platform's Response", async () => {
    const response = lazyResponse();
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.ok, response.statusText]).toEqual([201, true, "Created"]);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await response.text()).toBe("payload");
  });

  test("its parts make a native one", async () => {
    const response = lazyResponse();
    const native = new Response(response.body, response);
    expect(native.status).toBe(201);
    expect(native.headers.get("content-type")).toBe("text/plain");
    expect(await native.text()).toBe("payload");
    expect(await lazyResponse().clone().text()).toBe("payload");
  });

  test("a native response becomes a lazy one", async () => {
    const lazy = LazyResponse.of(Response.json({ ok: true }, { status: 418 }));
    expect([lazy.status, lazy.adopted]).toEqual([418, true]);
    expect(await lazy.json()).toEqual({ ok: true });
  });
});

describe("LazyHeaders", () => {
  test("iterate as the Fetch standard says: lower-case, sorted, cookies one by one", () => {
    const pairs: [string, string][] = [
      ["X-B", "2"],
      ["set-cookie", "a=1"],
      ["X-A", "1"],
      ["Set-Cookie", "b=2"],
      ["x-b", "3"],
    ];
    const lazy = new LazyResponse(200, HeaderList.from(pairs), null).headers;
    expect([...lazy]).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-a", "1"],
      ["x-b", "2, 3"],
    ]);
    expect([...lazy.keys()]).toEqual(["set-cookie", "set-cookie", "x-a", "x-b"]);
    expect(new Headers(lazy).get("x-b")).toBe("2, 3");
  });

  test("change the list they show, and refuse what would break a head", () => {
    const list = new HeaderList();
    const { headers } = new LazyResponse(200, list, null);
    headers.set("X-New", " padded ");
    headers.append("x-new", "more");
    expect(list.all("x-new")).toEqual(["padded", "more"]);
    headers.delete("X-NEW");
    expect(headers.has("x-new")).toBe(false);
    expect(() => headers.set("X-Evil", "a\r\nX-Injected: b")).toThrow(TypeError);
    expect(() => headers.set("bad name", "a")).toThrow(TypeError);
    expect(() => headers.append("x", "\u20ac")).toThrow(TypeError);
  });
});
