import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../../src/core/errors.ts";
import { LazyResponse } from "../../../../src/http/lazy/lazy-response.ts";
import { ipDenyList } from "../../../../src/middlewares/http/addresses/ip-deny-list.ts";
import { apiKey } from "../../../../src/middlewares/http/auth/api-key.ts";
import type { HttpMiddlewareOptions } from "../../../../src/middlewares/http/http-middleware.ts";
import { bodyLimit } from "../../../../src/middlewares/http/own/body-limit.ts";
import { requestId } from "../../../../src/middlewares/http/own/request-id.ts";
import { respond } from "../../../../src/middlewares/http/own/respond.ts";
import { makeRequest } from "../../../support/http/make-request.ts";
import { startUpstream } from "../../../support/sockets/recording-upstream.ts";
import { FedBody } from "../../../support/sockets/upstream-scene.ts";
import { sendingThenStalling } from "../../../support/sockets/upstream-scripts.ts";
import { MemoryFiles } from "../../tls/memory-files.ts";
import { apply, make, makeWith } from "./apply.ts";
import { SocketClient } from "./socket-client.ts";

describe("apiKey", () => {
  const digest = (key: string) => new Bun.CryptoHasher("sha256").update(key).digest("hex");
  const KEYS = { keys: [`ci:${digest("k1")}`, `app:${digest("k2").toUpperCase()}`] };
  const ask = async (options: HttpMiddlewareOptions<"apiKey">, ...headers: [string, string][]) =>
    apply(await makeWith(apiKey, options), { headers });

  test("lets requests with a key pass, and names its owner", async () => {
    for (const [key, name] of [
      ["k1", "ci"],
      ["k2", "app"],
    ]) {
      const { reached, exchange } = await ask(KEYS, ["X-Api-Key", key]);
      expect([reached, exchange.clientUsername]).toEqual([true, name]);
    }
    const options = { ...KEYS, headerField: "X-Client", removeHeader: true };
    const { lazy } = await ask(options, ["x-api-key", "k1"], ["X-Client", "forged"]);
    expect([...lazy.headerList.entries()]).toEqual([["X-Client", "ci"]]);
  });

  test("refuses all others, and two keys at once", async () => {
    const cases: [string, string][][] = [
      [],
      [["X-Api-Key", ""]],
      [["X-Api-Key", "k3"]],
      [["X-Api-Key", digest("k1")]],
      [
        ["X-Api-Key", "k1"],
        ["X-Api-Key", "k2"],
      ],
    ];
    for (const headers of cases) {
      const { reached, response } = await ask(KEYS, ...headers);
      expect([headers, reached, response.status]).toEqual([headers, false, 401]);
      expect(response.headers.get("www-authenticate")).toBe('ApiKey realm="api"');
    }
  });

  test("takes bearer tokens where the header is Authorization", async () => {
    const options = { ...KEYS, headerName: "authorization", realm: "shop" };
    expect((await ask(options, ["Authorization", "Bearer k1"])).reached).toBe(true);
    expect((await ask(options, ["Authorization", "bearer  k1"])).reached).toBe(true);
    const refused = await ask(options, ["Authorization", "k1"]);
    expect(refused.response.headers.get("www-authenticate")).toBe('Bearer realm="shop"');
  });

  test("keysFile has keys too; what can't be right is said", async () => {
    const files = new MemoryFiles({ "/keys": `# ci\nci:${digest("k9")}\n` });
    const middleware = await makeWith(apiKey, { keysFile: "/keys" }, { files });
    expect((await apply(middleware, { headers: [["X-Api-Key", "k9"]] })).reached).toBe(true);
    const wrong: [HttpMiddlewareOptions<"apiKey">, string][] = [
      [{}, "there are no keys"],
      [{ keys: ["ci"] }, "keys[0]: expected"],
      [{ keys: ["ci:secret"] }, 'key of "ci": expected its SHA-256'],
      [{ keysFile: "/none" }, 'keysFile: "/none"'],
      [{ ...KEYS, headerName: "a b" }, "expected a header name"],
    ];
    for (const [options, message] of wrong)
      await expect(makeWith(apiKey, options, { files })).rejects.toThrow(message);
  });
});

describe("bodyLimit", () => {
  const limit = make(bodyLimit, { maxRequestBodyBytes: 5 });

  test("413 at once where the length is said, and the server hears nothing", async () => {
    const { reached, response } = await apply(limit, { method: "PUT", body: "123456" });
    expect([reached, response.status, await response.text()]).toEqual([
      false,
      413,
      "Request Entity Too Large",
    ]);
    const fits = await apply(limit, { method: "PUT", body: "12345" });
    expect([fits.reached, await fits.lazy.text()]).toEqual([true, "12345"]);
    expect((await apply(limit)).reached).toBe(true);
    const none = make(bodyLimit, { maxRequestBodyBytes: 0 });
    expect((await apply(none, { method: "PUT", body: "1" })).response.status).toBe(413);
  });

  test("413 and the end of the call where it shows later", async () => {
    using client = new SocketClient();
    using server = startUpstream(sendingThenStalling());
    const there = await client.handler(server.url);
    const fed = new FedBody();
    const { request, exchange } = makeRequest({ method: "PUT", body: fed.body });
    const pending = limit(there)(request, exchange);
    const connection = await server.connection(0);
    fed.push("123");
    await connection.readUntil("123");
    fed.push("456");
    const response = LazyResponse.of(await pending);
    expect(response.status).toBe(413);
    expect(fed.heard.at(-1)).toStartWith("cancel");
    await connection.ended();
    expect(new TextDecoder().decode(connection.received)).not.toContain("456");
  });

  test("passes a body on that fits, as it comes", async () => {
    const fed = new FedBody();
    let text = "";
    const { request, exchange } = makeRequest({ method: "PUT", body: fed.body });
    const next = (seen: Request) => {
      (seen as typeof request & { takeBody(): FedBody["body"] }).takeBody().pipe({
        bodyChunk: (bytes, start, end) => {
          text += new TextDecoder().decode(bytes.subarray(start, end));
        },
        bodyFlush() {},
        bodyEnd: () => {
          text += "|end";
        },
        bodyFail: (error) => {
          text += `|${error.message}`;
        },
      });
      return new Response();
    };
    await limit(next)(request, exchange);
    fed.push("123");
    expect(text).toBe("123");
    fed.push("45");
    fed.body.finish();
    expect(text).toBe("12345|end");

    const broken = new FedBody();
    const other = makeRequest({ method: "PUT", body: broken.body });
    text = "";
    await limit(next)(other.request, other.exchange);
    broken.body.fail(new ProxyError("client-gone", "downstream", "gone"));
    expect(text).toBe("|gone");
  });
});

describe("ipDenyList", () => {
  const passes = async (
    options: HttpMiddlewareOptions<"ipDenyList">,
    remote: string,
    xff?: string,
  ) => {
    const headers: [string, string][] = xff === undefined ? [] : [["X-Forwarded-For", xff]];
    return (await apply(make(ipDenyList, options), { remote, headers })).reached;
  };

  test("refuses its ranges, and addresses that are none", async () => {
    const options = { sourceRange: ["10.0.0.0/8", "2001:db8::/32"] };
    for (const ip of ["10.1.2.3", "2001:db8::1", "", "x"])
      expect([ip, await passes(options, ip)]).toEqual([ip, false]);
    for (const ip of ["11.0.0.1", "2001:db9::1"])
      expect([ip, await passes(options, ip)]).toEqual([ip, true]);
  });

  test("goes by the strategy, and fails closed where that finds none", async () => {
    const options = { sourceRange: ["10.0.0.0/8"], ipStrategy: { depth: 1 } };
    expect(await passes(options, "11.0.0.1", "10.0.0.1:80")).toBe(false);
    expect(await passes(options, "10.0.0.1", "11.0.0.1")).toBe(true);
    expect(await passes(options, "11.0.0.1")).toBe(false);
  });

  test("refuses with 403, or as configured; what can't be right is said", async () => {
    const options = { sourceRange: ["192.0.2.0/24"], rejectStatusCode: 451 };
    expect((await apply(make(ipDenyList, options))).response.status).toBe(451);
    expect(() => make(ipDenyList, {})).toThrow("sourceRange is empty");
    expect(() => make(ipDenyList, { ...options, rejectStatusCode: 599 })).toThrow("found 599");
  });
});

describe("requestId", () => {
  const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  test("the server and the client get one, another for each request", async () => {
    const middleware = make(requestId, {});
    const [one, two] = [await apply(middleware), await apply(middleware)];
    const id = one.lazy.headerList.first("x-request-id");
    expect(id).toMatch(UUID);
    expect(one.response.headers.get("x-request-id")).toBe(id);
    expect(two.lazy.headerList.first("x-request-id")).not.toBe(id);
  });

  test("a client's counts only where it is trusted and looks like one", async () => {
    const sent = async (options: HttpMiddlewareOptions<"requestId">, ...values: string[]) => {
      const headers = values.map((value): [string, string] => ["x-request-id", value]);
      return (await apply(make(requestId, options), { headers })).lazy.headerList.all(
        "x-request-id",
      );
    };
    expect((await sent({}, "mine"))[0]).toMatch(UUID);
    const trusting = { trustIncoming: true };
    expect(await sent(trusting, "mine-1")).toEqual(["mine-1"]);
    for (const values of [["a b"], ["x".repeat(129)], [""], ["one", "two"]]) {
      const found = await sent(trusting, ...values);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(UUID);
    }
  });

  test("has another name, and stays out of the response, where it is to", async () => {
    const options = { headerName: "x-trace", inResponse: false };
    const { lazy, response } = await apply(make(requestId, options));
    expect(lazy.headerList.first("x-trace")).toMatch(UUID);
    expect(response.headers.has("x-trace")).toBe(false);
  });
});

describe("respond", () => {
  test("always answers the same", async () => {
    const options = { status: 503, body: "Zu spät\n", headers: { "retry-after": "60" } };
    const middleware = make(respond, options);
    for (let i = 0; i < 2; i++) {
      const { reached, response } = await apply(middleware, { method: "POST", body: "x" });
      expect([reached, response.status, await response.text()]).toEqual([false, 503, "Zu spät\n"]);
      expect([...LazyResponse.of(response).headerList.entries()]).toEqual([["Retry-After", "60"]]);
    }
    const { response } = await apply(make(respond, {}));
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test("has no body where the status has none", async () => {
    expect(LazyResponse.of((await apply(make(respond, { status: 204 }))).response).hasBody).toBe(
      false,
    );
    expect(() => make(respond, { status: 204, body: "x" })).toThrow("expected none");
    expect(() => make(respond, { headers: { "a b": "c" } })).toThrow("expected a header name");
  });
});
