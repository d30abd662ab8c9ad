import { afterEach, describe, expect, test } from "bun:test";
import { latin1Bytes } from "../../../../src/core/bytes.ts";
import { ProxyError } from "../../../../src/core/errors.ts";
import { Body, type BodySource } from "../../../../src/http/body.ts";
import type { Handler } from "../../../../src/http/handler.ts";
import { LazyRequest } from "../../../../src/http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../../src/http/lazy/lazy-response.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";
import { EntryScene, type ExchangeScene, type MakeScene } from "./exchange-scene.ts";
import { fakeWireScene } from "./fake-wire-scene.ts";
import { http1Scene } from "./http1-scene.ts";
import { http2Scene } from "./http2-scene.ts";
import { http3Scene } from "./http3-scene.ts";

const WIRES: [name: string, make: MakeScene][] = [
  ["a fake wire", fakeWireScene],
  ["HTTP/1.1", http1Scene],
  ["HTTP/2", http2Scene],
  ["HTTP/3", http3Scene],
];

/** Several turns of the event loop: what was sent has arrived. */
async function settled(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Where a body comes from, and what it was told. */
class Source implements BodySource {
  readonly told: string[] = [];
  pauseBody(): void {
    this.told.push("pause");
  }
  resumeBody(): void {
    this.told.push("resume");
  }
  cancelBody(error: ProxyError): void {
    this.told.push(error.code);
  }
}

function answer(status: number, body: Body | null, headers: [string, string][] = []): Response {
  return new LazyResponse(status, HeaderList.from(headers), body);
}

function push(body: Body, text: string): void {
  body.push(latin1Bytes(text), 0, text.length);
  body.flush();
}

/** The request's body as bytes; what breaks it off is kept. */
function read(request: Request): { text: string; ended: string } {
  const seen = { text: "", ended: "" };
  LazyRequest.of(request)
    .takeBody()
    ?.pipe({
      bodyChunk: (bytes, start, end) => {
        seen.text += String.fromCharCode(...bytes.subarray(start, end));
      },
      bodyFlush() {},
      bodyEnd: () => void (seen.ended = "whole"),
      bodyFail: (error) => void (seen.ended = error.code),
    });
  return seen;
}

describe.each(WIRES)("an exchange over %s", (_, makeScene) => {
  const entries: EntryScene[] = [];
  afterEach(() => {
    for (const entry of entries.splice(0)) entry.end();
  });

  function scene(handler: Handler, limits: Partial<EntryScene> = {}) {
    const entry = Object.assign(new EntryScene(handler), limits);
    entries.push(entry);
    return { entry, client: makeScene(entry) };
  }

  async function got(client: ExchangeScene) {
    await settled();
    return client.got;
  }

  test("is answered with head, body and trailers, and finishes once", async () => {
    const { client, entry } = scene(() => {
      const body = new Body(new Source(), -1);
      push(body, "one ");
      push(body, "two");
      body.finish(HeaderList.from([["x-sum", "7"]]));
      return answer(203, body, [["x-test", "yes"]]);
    });
    client.request({});
    const { status, headers, body, trailers, whole, cut } = await got(client);
    expect({ status, body, whole, cut }).toEqual({
      status: 203,
      body: "one two",
      whole: true,
      cut: false,
    });
    expect([headers["x-test"], trailers?.["x-sum"]]).toEqual(["yes", "7"]);
    expect(entry.finished).toEqual([203]);
    expect([entry.exchanges[0].responseBytes, entry.requestCount]).toEqual([7, 1]);
  });

  test("has trailers without what may not stand there", async () => {
    const { client } = scene(() => {
      const body = new Body(new Source(), -1);
      push(body, "x");
      const all = [
        "Content-Length",
        "Host",
        "Content-Type",
        "Transfer-Encoding",
        "X-Forwarded-For",
      ];
      body.finish(HeaderList.from([...all, "X-Sum"].map((name) => [name, "7"])));
      return answer(200, body);
    });
    client.request({});
    const { trailers } = await got(client);
    expect(Object.keys(trailers ?? {}).map((name) => name.toLowerCase())).toEqual(["x-sum"]);
  });

  test("gives its handler the request's body as it comes", async () => {
    let seen = { text: "", ended: "" };
    const { client, entry } = scene((request) => {
      seen = read(request);
      return new Promise(() => {});
    });
    client.request({ method: "POST", begun: "ab" });
    await settled();
    expect(seen).toEqual({ text: "ab", ended: "" });
    client.more("cd");
    client.endBody();
    await settled();
    expect(seen).toEqual({ text: "abcd", ended: "whole" });
    expect(entry.exchanges[0].requestBytes).toBe(4);
  });

  test("is 500 where its handler throws or rejects", async () => {
    const outcomes: number[] = [];
    const handlers: Handler[] = [
      () => {
        throw new Error("no");
      },
      () => Promise.reject(new Error("no")),
    ];
    for (const handler of handlers) {
      const { client, entry } = scene(handler);
      client.request({});
      outcomes.push((await got(client)).status, ...entry.finished);
      expect(entry.logs).toContain("A handler failed outside recovery");
    }
    expect(outcomes).toEqual([500, 500, 500, 500]);
  });

  test("is 501 for CONNECT, of which no handler hears", async () => {
    const { client, entry } = scene(() => answer(200, null));
    client.request({ method: "CONNECT", path: "a.test:443" });
    expect((await got(client)).status).toBe(501);
    expect(entry.exchanges.length).toBe(0);
  });

  test("is 200 for OPTIONS *, of which no handler hears", async () => {
    const { client, entry } = scene(() => answer(204, null));
    client.request({ method: "OPTIONS", path: "*" });
    const { status, whole } = await got(client);
    expect({ status, whole, handled: entry.exchanges.length }).toEqual({
      status: 200,
      whole: true,
      handled: 0,
    });
  });

  test("is 500 where its handler answers with an interim status", async () => {
    for (const status of [101, 103]) {
      const { client, entry } = scene(() => answer(status, null));
      client.request({});
      const { interim, status: sent, whole } = await got(client);
      expect({ interim, sent, whole }).toEqual({ interim: [], sent: 500, whole: true });
      expect(entry.finished).toEqual([500]);
    }
  });

  test("asks for a body with 100 when it is read, not before", async () => {
    let start = () => {};
    const { client } = scene((request) => {
      start = () => void read(request);
      return new Promise(() => {});
    });
    client.request({ method: "POST", headers: { expect: "100-continue" }, begun: "" });
    await settled();
    // HTTP/3 looks for a body's beginning behind heads that don't announce one.
    expect(client.got.interim).toEqual([]);
    start();
    expect((await got(client)).interim).toEqual([100]);
  });

  test("sends interim heads before the response and none behind", async () => {
    let late = () => {};
    const body = new Body(new Source(), -1);
    const { client } = scene((_, { downstream }) => {
      const hint = () => downstream.informational(103, HeaderList.from([["link", "</a>"]]));
      hint();
      late = hint;
      return answer(200, body);
    });
    client.request({});
    await settled();
    late();
    body.finish();
    const { interim, status, whole } = await got(client);
    expect({ interim, status, whole }).toEqual({ interim: [103], status: 200, whole: true });
  });

  test("has no body on the wire for HEAD, 204 and 304", async () => {
    const told: string[][] = [];
    for (const [method, status] of [
      ["HEAD", 200],
      ["GET", 204],
      ["GET", 304],
    ] as const) {
      const source = new Source();
      told.push(source.told);
      const { client } = scene(() =>
        answer(status, new Body(source, 5), [["content-length", "5"]]),
      );
      client.request({ method });
      const { body, whole, status: sent } = await got(client);
      expect({ body, whole, sent }).toEqual({ body: "", whole: true, sent: status });
    }
    expect(told).toEqual([["aborted"], ["aborted"], ["aborted"]]);
  });

  test("is cut where the response's body is longer or shorter than it says, or fails", async () => {
    const bodies = [
      (body: Body) => push(body, "abcdef"),
      (body: Body) => {
        push(body, "abc");
        body.finish();
      },
      (body: Body) => {
        push(body, "abc");
        body.fail(new ProxyError("upstream-reset", "upstream", "gone"));
      },
    ];
    const codes: unknown[] = [];
    for (const fill of bodies) {
      const body = new Body(new Source(), 5);
      const { client, entry } = scene(() => answer(200, body));
      client.request({});
      await settled();
      fill(body);
      const { whole, cut } = await got(client);
      expect({ whole, cut }).toEqual({ whole: false, cut: true });
      expect(entry.finished).toEqual([200]);
      codes.push((entry.exchanges[0].error as ProxyError).code);
      expect(entry.exchanges[0].aborted).not.toBeNull();
    }
    expect(codes).toEqual(["handler-failed", "handler-failed", "upstream-reset"]);
  });

  test("is aborted when its client leaves, 499, and a late answer is dropped", async () => {
    let respond = (_: Response) => {};
    const { client, entry } = scene(() => new Promise((resolve) => (respond = resolve)));
    client.request({});
    await settled();
    client.leave();
    await settled();
    const [exchange] = entry.exchanges;
    expect([exchange.aborted?.code, exchange.signal.aborted, ...entry.finished]).toEqual([
      "client-gone",
      true,
      499,
    ]);
    const source = new Source();
    respond(answer(200, new Body(source, -1)));
    await settled();
    expect(source.told).toEqual(["client-gone"]);
    expect([client.got.status, entry.finished.length]).toEqual([0, 1]);
  });

  test("tells its request's and response's body when its client leaves", async () => {
    const source = new Source();
    let seen = { text: "", ended: "" };
    const { client, entry } = scene((request) => {
      seen = read(request);
      return answer(200, new Body(source, -1));
    });
    client.request({ method: "POST", begun: "ab" });
    await settled();
    client.leave();
    await settled();
    expect([seen.ended, ...source.told]).toEqual(["client-gone", "client-gone"]);
    expect(entry.finished).toEqual([200]);
  });

  test("tells a reader that the rest of the body isn't awaited behind the response", async () => {
    let seen = { text: "", ended: "" };
    const { client } = scene((request) => {
      seen = read(request);
      return answer(200, null);
    });
    client.request({ method: "POST", begun: "ab" });
    expect((await got(client)).whole).toBe(true);
    expect(seen).toEqual({ text: "ab", ended: "aborted" });
  });

  test("fails a body that isn't there by the readTimeout; the handler may still answer", async () => {
    let seen = { text: "", ended: "" };
    let respond = (_: Response) => {};
    const { client, entry } = scene(
      (request) => {
        seen = read(request);
        return new Promise((resolve) => (respond = resolve));
      },
      { readTimeout: 60_000 },
    );
    client.request({ method: "POST", begun: "ab" });
    await settled();
    entry.pass(50_000);
    expect(seen.ended).toBe("");
    entry.pass(61_000);
    expect(seen).toEqual({ text: "ab", ended: "request-timeout" });
    respond(LazyResponse.text(408));
    const { status, whole } = await got(client);
    expect({ status, whole }).toEqual({ status: 408, whole: true });
  });

  test("is 504 where there is no answer by the writeTimeout; a late one is dropped", async () => {
    let respond = (_: Response) => {};
    const { client, entry } = scene(() => new Promise((resolve) => (respond = resolve)), {
      writeTimeout: 60_000,
    });
    client.request({});
    await settled();
    entry.pass(50_000);
    expect((await got(client)).status).toBe(0);
    entry.pass(61_000);
    expect((await got(client)).status).toBe(504);
    expect(entry.exchanges[0].aborted?.code).toBe("response-timeout");
    respond(answer(200, null));
    expect((await got(client)).status).toBe(504);
    expect(entry.finished).toEqual([504]);
  });

  test("is cut where the client hasn't taken it by the writeTimeout", async () => {
    const source = new Source();
    const { client, entry } = scene(() => answer(200, new Body(source, -1)), {
      writeTimeout: 60_000,
    });
    client.request({});
    await settled();
    entry.pass(61_000);
    const { whole, cut } = await got(client);
    expect({ whole, cut, told: source.told }).toEqual({
      whole: false,
      cut: true,
      told: ["client-gone"],
    });
  });

  test("pauses what it comes from while the client takes nothing, and loses nothing", async () => {
    const source = new Source();
    const body = new Body(source, -1);
    const { client } = scene(() => answer(200, body));
    client.refuse();
    client.request({});
    await settled();
    const piece = "x".repeat(300_000);
    for (let i = 0; i < 3; i++) push(body, piece);
    body.finish();
    await got(client);
    expect(source.told).toEqual(["pause"]);
    client.take();
    for (let i = 0; i < 4; i++) client.take();
    const { body: received, whole } = await got(client);
    expect([received.length, whole]).toEqual([900_000, true]);
  });

  test("holds the client's upload while the handler doesn't take it", async () => {
    let body: Body | null = null;
    let length = 0;
    let pausing = true;
    const { client } = scene((request) => {
      body = LazyRequest.of(request).takeBody();
      body!.pipe({
        bodyChunk: (_, start, end) => {
          length += end - start;
          if (pausing) body!.pause();
        },
        bodyFlush() {},
        bodyEnd() {},
        bodyFail() {},
      });
      return new Promise(() => {});
    });
    client.request({ method: "POST", begun: "x".repeat(1000) });
    await settled();
    for (let i = 0; i < 6; i++) client.more("x".repeat(100_000));
    await settled();
    expect([length, client.holding]).toEqual([1000, true]);
    pausing = false;
    body!.resume();
    for (let i = 0; i < 4; i++) await got(client);
    expect([length, client.holding]).toEqual([601_000, false]);
  });

  test("is cut when the grace time of a shutdown is over", async () => {
    const { client, entry } = scene(() => new Promise(() => {}));
    client.request({});
    await settled();
    entry.end();
    await settled();
    expect([entry.exchanges[0].aborted?.code, ...entry.finished]).toEqual(["draining", 503]);
  });
});
