import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { ProxyError } from "../../../src/core/errors.ts";
import { HeaderList } from "../../../src/http/header-list.ts";
import { ErrorCode } from "../../../src/wire/http2/message.ts";
import { scriptedHttp2 } from "../../support/http2-upstream.ts";
import { Flag, FrameType, frame, uint32 } from "../../support/raw-http2.ts";
import { FedBody, UpstreamScene } from "../../support/upstream-scene.ts";
import { waitFor } from "../../support/wait-for.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

type Headers = Record<string, string | string[] | undefined>;

/** A scene before node:http2, which knows nothing of Sluice's own engine. */
async function before(
  serve: (stream: ServerHttp2Stream, headers: Headers) => void,
  options: ConstructorParameters<typeof UpstreamScene>[1] = {},
  settings: { maxConcurrentStreams?: number; initialWindowSize?: number } = {},
) {
  const server: Http2Server = createServer({ settings });
  let connections = 0;
  server.on("session", () => connections++);
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    serve(stream as ServerHttp2Stream, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const scene = new UpstreamScene(
    `h2c://127.0.0.1:${(server.address() as AddressInfo).port}`,
    options,
  );
  cleanups.push(() => {
    scene.close();
    server.close();
  });
  return {
    scene,
    server,
    get connections() {
      return connections;
    },
  };
}

/** A scene before an upstream that is driven frame by frame. */
function scripted(
  script: Parameters<typeof scriptedHttp2>[0],
  options: ConstructorParameters<typeof UpstreamScene>[1] = {},
) {
  const upstream = scriptedHttp2(script);
  const scene = new UpstreamScene(upstream.url, options);
  cleanups.push(() => {
    scene.close();
    upstream.stop();
  });
  return { scene, upstream };
}

const text = async (stream: ServerHttp2Stream) => {
  let all = "";
  for await (const chunk of stream) all += chunk;
  return all;
};

describe("requests and responses", () => {
  test("a request's head is its own, without what was about the client's connection", async () => {
    const seen: Headers[] = [];
    const { scene } = await before((stream, headers) => {
      seen.push({ ...headers });
      stream.respond({ ":status": 201, "x-answer": "yes", "proxy-authenticate": "Basic" });
      stream.end("made");
    });
    const response = await scene.ask({
      path: "/a?b=c",
      headers: [
        ["X-Kept", "1"],
        ["Keep-Alive", "timeout=5"],
        ["Proxy-Authorization", "secret"],
        ["HTTP2-Settings", "AAMAAABk"],
        ["TE", "gzip, Trailers"],
        ["X-Forwarded-For", "198.51.100.1"],
        ["grpc-timeout", "10S"],
      ],
    });
    expect([response.status, response.reason, await response.text()]).toEqual([
      201,
      "Created",
      "made",
    ]);
    expect(response.headerList.first("x-answer")).toBe("yes");
    expect(response.headerList.has("proxy-authenticate")).toBe(false);
    expect(Object.entries(seen[0])).toEqual([
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "app.test"],
      [":path", "/a?b=c"],
      ["x-forwarded-for", "198.51.100.1, 192.0.2.7"],
      ["x-kept", "1"],
      ["grpc-timeout", "10S"],
      ["te", "trailers"],
    ]);
  });

  test("the authority is the URL's where the client's Host isn't passed, or there is none", async () => {
    const { scene } = await before((stream, headers) => {
      stream.respond();
      stream.end(String(headers[":authority"]));
    });
    const own = `200 127.0.0.1:${scene.pool.port}`;
    expect(await scene.text({ passHostHeader: false })).toBe(own);
    expect(await scene.text({ host: "" })).toBe(own);
    expect(await scene.text({ host: "a.test:81" })).toBe("200 a.test:81");
  });

  test("bodies and trailers go both ways", async () => {
    const { scene } = await before(async (stream, headers) => {
      let trailers: Headers = {};
      stream.on("trailers", (got) => {
        trailers = got;
      });
      const body = await text(stream);
      stream.respond({}, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "of response" }));
      stream.end(
        `${headers["content-length"]} ${body} ${trailers["x-end"]} ${trailers["connection"]}`,
      );
    });
    const fed = new FedBody();
    const asked = scene.ask({ method: "POST", body: fed.body });
    fed.push("hello ");
    fed.push("world");
    fed.body.finish(
      HeaderList.from([
        ["X-End", "of request"],
        ["Connection", "close"],
      ]),
    );
    const response = await asked;
    const body = response.takeBody()!;
    const bytes = await body.bytes();
    expect(new TextDecoder().decode(bytes)).toBe("undefined hello world of request undefined");
    expect([...body.trailers!.entries()]).toEqual([["x-end", "of response"]]);
  });

  test("a length that is known is said, also where an expected body is missing", async () => {
    const { scene } = await before((stream, headers) => {
      stream.respond();
      stream.end(String(headers["content-length"]));
    });
    expect(await scene.text({ method: "POST", body: "12345" })).toBe("200 5");
    expect(await scene.text({ method: "POST" })).toBe("200 0");
    expect(await scene.text({ method: "DELETE" })).toBe("200 undefined");
  });

  test("responses without a body have none", async () => {
    const { scene } = await before((stream, headers) => {
      const status = Number(String(headers[":path"]).slice(1));
      stream.respond(status === 200 ? { "content-length": 5 } : { ":status": status });
      stream.end();
    });
    for (const [method, path] of [
      ["HEAD", "/200"],
      ["GET", "/204"],
      ["GET", "/304"],
    ]) {
      const response = await scene.ask({ method, path });
      expect([response.status, response.hasBody]).toEqual([Number(path.slice(1)), false]);
    }
  });

  test("interim responses go on, 100 lets the body go", async () => {
    const { scene, upstream } = scripted(async (peer) => {
      await peer.begin();
      const stream = await peer.request();
      await peer.respond(stream, "103", false);
      await peer.respond(stream, "100", false);
      const { payload } = await peer.until(FrameType.data, stream);
      await peer.respond(stream, "200", false);
      await peer.data(stream, new TextDecoder().decode(payload), true);
    });
    const interim: string[] = [];
    const fed = new FedBody(3);
    fed.push("abc");
    fed.body.finish();
    const answer = await scene.text({
      method: "PUT",
      headers: [["Expect", "100-continue"]],
      body: fed.body,
      interim,
    });
    expect(answer).toBe("200 abc");
    expect(interim).toEqual(["103 "]);
    expect(upstream.errors).toEqual([]);
  });

  test("where nobody says 100, the body goes after a while", async () => {
    const { scene, upstream } = scripted(async (peer) => {
      await peer.begin();
      const stream = await peer.request();
      await peer.until(FrameType.data, stream);
      await peer.respond(stream);
    });
    const headers = [["Expect", "100-continue"]] as const;
    expect(await scene.text({ method: "PUT", headers, body: "x" })).toBe("200 ");
    expect(upstream.errors).toEqual([]);
  });

  test("a response may come whole before its request: the rest isn't sent", async () => {
    const { scene, upstream } = scripted(async (peer) => {
      await peer.begin();
      const stream = await peer.request();
      await peer.until(FrameType.data, stream);
      await peer.respond(stream, "413");
      const { payload } = await peer.until(FrameType.rstStream, stream);
      expect(payload).toEqual(new Uint8Array([0, 0, 0, ErrorCode.noError]));
      await peer.respond(await peer.request());
    });
    const fed = new FedBody();
    const asked = scene.text({ method: "POST", body: fed.body });
    fed.push("a beginning");
    expect(await asked).toBe("413 ");
    expect(fed.heard).toEqual(["cancel: The upstream answered before it had the whole request"]);
    expect(await scene.text()).toBe("200 ");
    expect([upstream.errors, upstream.peers.length]).toEqual([[], 1]);
  });

  test("both directions stream at once", async () => {
    const { scene } = await before((stream) => {
      stream.respond();
      stream.on("data", (chunk) => stream.write(`<${chunk}>`));
      stream.on("end", () => stream.end("."));
    });
    const fed = new FedBody();
    const asked = scene.ask({ method: "POST", body: fed.body });
    fed.push("one");
    const response = await asked;
    const reader = response.body!.getReader();
    const next = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await next()).toBe("<one>");
    fed.push("two");
    expect(await next()).toBe("<two>");
    fed.body.finish();
    expect(await next()).toBe(".");
    expect((await reader.read()).done).toBe(true);
  });
});

describe("flow control", () => {
  test("a request body waits for the server's window", async () => {
    let begin: () => void = () => {};
    const { scene } = await before(
      async (stream) => {
        stream.pause();
        await new Promise<void>((resolve) => {
          begin = resolve;
        });
        let size = 0;
        stream.on("data", (chunk) => {
          size += chunk.length;
        });
        stream.on("end", () => {
          stream.respond();
          stream.end(String(size));
        });
        stream.resume();
      },
      {},
      { initialWindowSize: 20_000 },
    );
    const fed = new FedBody();
    const asked = scene.text({ method: "POST", body: fed.body });
    const piece = new Uint8Array(10_000);
    let pushed = 0;
    // More than the system's buffers hold is never on its way.
    await waitFor("the body to be paused", () => {
      if (fed.paused) return true;
      fed.push(piece);
      pushed++;
    });
    expect(pushed).toBeLessThan(30);
    begin();
    await waitFor("the body to go on", () => !fed.paused);
    for (; pushed < 100; pushed++) fed.push(piece);
    fed.body.finish();
    expect(await asked).toBe("200 1000000");
  });

  test("a request body waits for a server that doesn't read, though its windows are wide", async () => {
    const { scene, upstream } = scripted(async (peer) => {
      await peer.begin([4, 0x7fffffff]);
      await peer.send(frame(FrameType.windowUpdate, 0, 0, uint32(0x7fffffff - 65_535)));
      const stream = await peer.request();
      peer.pause();
      await waitFor("the body to wait", () => fed.paused);
      peer.resume();
      let size = 0;
      for (let end = false; !end; ) {
        const { flags, payload } = await peer.until(FrameType.data, stream);
        size += payload.length;
        end = (flags & Flag.endStream) !== 0;
      }
      await peer.respond(stream, "200", false);
      await peer.data(stream, String(size), true);
    });
    const fed = new FedBody();
    const asked = scene.text({ method: "POST", body: fed.body });
    await waitFor("the connection", () => scene.pool.sessionCount === 1);
    let pushed = 0;
    await waitFor("the body to be paused", async () => {
      for (let i = 0; i < 64 && !fed.paused; i++, pushed++) fed.push(new Uint8Array(65_536));
      await Bun.sleep(1);
      return fed.paused;
    });
    await waitFor("the body to go on", () => !fed.paused);
    fed.body.finish();
    expect(await asked).toBe(`200 ${pushed * 65_536}`);
    expect(upstream.errors).toEqual([]);
  });

  test("many bodies at once come whole, both ways, whatever their sizes", async () => {
    const { scene } = await before((stream) => {
      stream.respond();
      stream.pipe(stream);
    });
    const size = fc.oneof(fc.nat(100), fc.nat(70_000), fc.nat(400_000));
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 20 }), fc.nat(255), async (sizes, seed) => {
        const bodies = sizes.map((length, i) =>
          Uint8Array.from({ length }, (_, at) => (at * 31 + i + seed) & 255),
        );
        const echoes = await Promise.all(
          bodies.map(async (bytes, i) => {
            const fed = new FedBody(i % 2 === 0 ? bytes.length : -1);
            const asked = scene.ask({ method: "POST", body: fed.body });
            for (let at = 0; at < bytes.length; ) {
              const end = Math.min(bytes.length, at + 1 + ((at * 7 + seed * 401) % 50_000));
              fed.push(bytes.subarray(at, end));
              at = end;
              if (fed.paused) await Bun.sleep(0);
            }
            fed.body.finish();
            return (await asked).bytes();
          }),
        );
        for (const [i, echo] of echoes.entries()) expect(Buffer.compare(echo, bodies[i])).toBe(0);
      }),
      { numRuns: 15 },
    );
    expect(scene.pool.sessionCount).toBe(1);
  });

  test("a response nobody reads holds up itself, not the others", async () => {
    let sent = 0;
    const { scene } = await before((stream, headers) => {
      stream.respond();
      if (headers[":path"] === "/small") {
        stream.end("small");
        return;
      }
      const piece = Buffer.alloc(16_384);
      const write = () => {
        while (sent < 512) {
          sent++;
          if (stream.write(piece)) continue;
          stream.once("drain", write);
          return;
        }
        stream.end();
      };
      write();
    });
    const large = await scene.ask({ path: "/large" });
    let last = -1;
    await waitFor("the server to stop", async () => {
      const still = sent === last;
      last = sent;
      await Bun.sleep(20);
      return still && sent > 0;
    });
    // The stream's window and buffers of both ends: far from 8 MiB.
    expect(sent).toBeLessThan(256);
    expect(await scene.text({ path: "/small" })).toBe("200 small");
    expect((await large.bytes()).length).toBe(512 * 16_384);
  });

  test("what comes in the same read as the head is there when the response is", async () => {
    const { scene } = scripted(async (peer) => {
      await peer.begin();
      const stream = await peer.request();
      peer.offer("");
      await peer.respond(stream, "200", false);
      await peer.data(stream, "all", true);
    });
    const response = await scene.ask();
    expect(await response.text()).toBe("all");
  });
});

describe("connections", () => {
  test("calls share one, and wait for the first dial together", async () => {
    const bed = await before((stream, headers) => {
      stream.respond();
      stream.end(String(headers[":path"]));
    });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => bed.scene.text({ path: `/${i}` })),
    );
    expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => `200 /${i}`));
    expect([bed.connections, bed.scene.pool.sessionCount]).toEqual([1, 1]);
  });

  test("another one is made when one is full, and no stream is refused", async () => {
    const held: ServerHttp2Stream[] = [];
    const bed = await before(
      (stream) => {
        stream.respond();
        held.push(stream);
      },
      {},
      { maxConcurrentStreams: 4 },
    );
    const fed = () => new FedBody(0).body;
    const asked = Array.from({ length: 10 }, () => bed.scene.ask({ method: "POST", body: fed() }));
    await waitFor("all requests", () => held.length === 10);
    expect(bed.connections).toBe(3);
    for (const stream of held) stream.end();
    for (const response of await Promise.all(asked)) expect(response.status).toBe(200);
    for (let i = 0; i < 10; i++) await (await bed.scene.ask()).takeBody()?.bytes;
    expect(bed.connections).toBe(3);
  });

  test("idle ones close after the idleConnTimeout, and no more than maxIdleConnsPerHost stay", async () => {
    const held: ServerHttp2Stream[] = [];
    const bed = await before(
      (stream) => {
        stream.respond();
        held.push(stream);
        if (held.length === 3) for (const one of held) one.end();
      },
      { maxIdleConnsPerHost: 1, idleConnTimeout: 50 },
      { maxConcurrentStreams: 1 },
    );
    await Promise.all([bed.scene.text(), bed.scene.text(), bed.scene.text()]);
    expect(bed.connections).toBe(3);
    expect(bed.scene.pool.sessionCount).toBe(1);
    await waitFor("the last one to close", () => bed.scene.pool.sessionCount === 0);
  });

  test("GOAWAY: no new streams, the old ones end well, refused ones go elsewhere", async () => {
    const { scene, upstream } = scripted(async (peer, index) => {
      await peer.begin();
      if (index === 1) {
        for (let i = 0; i < 2; i++) await peer.respond(await peer.request());
        return;
      }
      const first = await peer.request();
      await peer.request();
      await peer.goAway(first);
      await peer.respond(first, "200", false);
      await peer.until(FrameType.ping).catch(() => {});
    });
    const first = scene.ask();
    const second = scene.text({ method: "POST" });
    const response = await first;
    expect(await second).toBe("200 ");
    expect(await scene.text()).toBe("200 ");
    await upstream.peers[0].data(1, "late", true);
    expect(await response.text()).toBe("late");
    expect(await upstream.peers[0].ended()).toBe("fin");
    expect(upstream.peers.length).toBe(2);
  });

  test("a pool that is closed lets calls end", async () => {
    const held: ServerHttp2Stream[] = [];
    const bed = await before((stream) => {
      stream.respond();
      held.push(stream);
    });
    const response = await bed.scene.ask();
    bed.scene.close();
    expect(bed.scene.pool.sessionCount).toBe(0);
    held[0].end("whole");
    expect(await response.text()).toBe("whole");
  });

  test("a server that goes silent is asked for a PING, and given up without an answer", async () => {
    const { scene, upstream } = scripted(
      async (peer, index) => {
        await peer.begin();
        const stream = await peer.request();
        if (index === 0) {
          const { payload } = await peer.until(FrameType.ping);
          await peer.send(new Uint8Array([0, 0, 8, FrameType.ping, Flag.ack, 0, 0, 0, 0]));
          await peer.send(payload);
          await peer.until(FrameType.ping);
          await peer.ended();
        }
        await peer.respond(stream);
      },
      { readIdleTimeout: 30, pingTimeout: 60 },
    );
    expect(await scene.text()).toBe("upstream-closed: No answer to a PING within the pingTimeout");
    expect(await upstream.peers[0].ended()).not.toBe("open");
    expect(await scene.text()).toBe("200 ");
  });

  test("a server that says nothing at all: the dialTimeout counts to its SETTINGS", async () => {
    const { scene } = scripted(async () => {}, { dialTimeout: 50 });
    expect(await scene.text()).toBe("connect-timeout: No SETTINGS within the dialTimeout");
  });

  test("nobody listens", async () => {
    const { scene, upstream } = scripted(async () => {});
    upstream.stop();
    const { port } = scene.pool;
    const answers: string[] = await Promise.all([scene.text(), scene.text()]);
    expect(answers).toEqual(
      Array(2).fill(`connect-failed: connect 127.0.0.1:${port}: connection refused (ECONNREFUSED)`),
    );
  });

  test("a server of HTTP/1.1", async () => {
    const { scene } = scripted(async (peer) => {
      await peer.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      peer.halfClose();
    });
    expect(await scene.text()).toStartWith(
      "upstream-protocol: The upstream broke a rule of HTTP/2",
    );
  });
});

describe("streams that end early", () => {
  const resets: [string, number, string][] = [
    ["before the head", 0, "upstream-reset: The upstream reset the stream (internalError)"],
    ["behind it", 1, "upstream-reset: The upstream reset the stream (internalError)"],
  ];
  test.each(resets)("reset by the server %s: the connection lives", async (_, heads, expected) => {
    const { scene, upstream } = scripted(async (peer) => {
      await peer.begin();
      const stream = await peer.request();
      if (heads > 0) {
        await peer.respond(stream, "200", false);
        await peer.data(stream, "some");
      }
      await peer.rst(stream, ErrorCode.internalError);
      await peer.respond(await peer.request());
    });
    expect(await scene.text()).toBe(expected);
    expect(await scene.text()).toBe("200 ");
    expect(upstream.peers.length).toBe(1);
  });

  test("NO_ERROR behind a complete response means nothing", async () => {
    const { scene } = scripted(async (peer) => {
      await peer.begin();
      const stream = await peer.request();
      await peer.respond(stream);
      await peer.rst(stream, ErrorCode.noError);
    });
    const fed = new FedBody();
    expect(await scene.text({ method: "POST", body: fed.body })).toBe("200 ");
    expect(fed.heard).toHaveLength(1);
  });

  test("refused before it was looked at: sent once more, unless its body has been sent", async () => {
    const { scene, upstream } = scripted(async (peer) => {
      await peer.begin();
      await peer.rst(await peer.request(), ErrorCode.refusedStream);
      await peer.respond(await peer.request());
      const stream = await peer.request();
      await peer.until(FrameType.data, stream);
      await peer.rst(stream, ErrorCode.refusedStream);
    });
    expect(await scene.text({ method: "POST" })).toBe("200 ");
    const error: unknown = await scene.call({ method: "POST", body: "x" }).call.catch((e) => e);
    expect(error).toBeInstanceOf(ProxyError);
    expect((error as ProxyError).code).toBe("upstream-reset");
    expect((error as ProxyError).retryable).toBe(true);
    expect(upstream.errors).toEqual([]);
  });

  test("refused again and again: given up", async () => {
    let refused = 0;
    const { scene } = scripted(async (peer) => {
      await peer.begin();
      for (;;) {
        await peer.rst(await peer.request(), ErrorCode.refusedStream);
        refused++;
      }
    });
    expect(await scene.text()).toBe(
      "upstream-reset: The upstream reset the stream (refusedStream)",
    );
    expect(refused).toBe(4);
  });

  test("a connection that died while idle: what may be sent twice is", async () => {
    const { scene, upstream } = scripted(async (peer, index) => {
      await peer.begin();
      await peer.respond(await peer.request());
      await peer.request();
      if (index === 0) peer.reset();
      else await peer.respond(3);
    });
    expect(await scene.text()).toBe("200 ");
    expect(await scene.text()).toBe("200 ");
    expect(upstream.peers.length).toBe(2);
    upstream.peers[1].reset();
    await waitFor("the pool to notice", () => scene.pool.sessionCount === 0);
  });

  test("a connection that dies in a call's middle: 502, and never sent twice", async () => {
    const { scene, upstream } = scripted(async (peer) => {
      await peer.begin();
      const stream = await peer.request();
      await peer.respond(stream, "200", false);
      await peer.request();
      peer.reset();
    });
    const first = await scene.ask();
    expect(await scene.text({ method: "POST" })).toStartWith("upstream-");
    await expect(first.text()).rejects.toThrow(ProxyError);
    expect(upstream.peers.length).toBe(1);
  });

  test("a response that breaks the rules", async () => {
    const { scene, upstream } = scripted(async (peer) => {
      await peer.begin();
      await peer.respond(await peer.request(), "101", false);
      await peer.respond(await peer.request());
    });
    expect(await scene.text()).toStartWith("upstream-protocol: ");
    expect(await scene.text()).toBe("200 ");
    expect(upstream.peers.length).toBe(1);
  });

  test("no head within the responseHeaderTimeout: the stream is cancelled, the connection lives", async () => {
    const { scene, upstream } = scripted(
      async (peer) => {
        await peer.begin();
        const stream = await peer.request();
        const { payload } = await peer.until(FrameType.rstStream, stream);
        expect(payload[3]).toBe(ErrorCode.cancel);
        await peer.respond(await peer.request());
      },
      { responseHeaderTimeout: 30 },
    );
    expect(await scene.text()).toBe(
      "response-timeout: No response head within the responseHeaderTimeout",
    );
    expect(await scene.text()).toBe("200 ");
    expect(upstream.errors).toEqual([]);
  });

  test("a client that goes away cancels its stream alone", async () => {
    const { scene, upstream } = scripted(async (peer) => {
      await peer.begin();
      const first = await peer.request();
      const second = await peer.request();
      await peer.respond(second, "200", false);
      expect((await peer.until(FrameType.rstStream)).stream).toBe(first);
      expect((await peer.until(FrameType.rstStream)).stream).toBe(second);
      await peer.respond(await peer.request());
    });
    const gone = new ProxyError("client-gone", "downstream", "The client went away");
    const waiting = scene.call();
    const responding = await scene.ask();
    waiting.exchange.abort(gone);
    await expect(Promise.resolve(waiting.call)).rejects.toBe(gone);
    responding.takeBody()!.cancel(gone);
    expect(await scene.text()).toBe("200 ");
    expect([upstream.errors, upstream.peers.length]).toEqual([[], 1]);
  });

  test("a client that goes away while its call waits for a connection", async () => {
    const { scene } = scripted(async (peer) => {
      await peer.begin();
      await peer.respond(await peer.request());
    });
    const gone = new ProxyError("client-gone", "downstream", "The client went away");
    const { call, exchange } = scene.call();
    exchange.abort(gone);
    await expect(Promise.resolve(call)).rejects.toBe(gone);
    expect(await scene.text()).toBe("200 ");
  });

  test("a client's body that breaks off cancels the stream", async () => {
    const { scene } = scripted(async (peer) => {
      await peer.begin();
      const stream = await peer.request();
      const { payload } = await peer.until(FrameType.rstStream, stream);
      expect(payload[3]).toBe(ErrorCode.cancel);
      await peer.respond(await peer.request());
    });
    const fed = new FedBody(10);
    const asked = scene.text({ method: "POST", body: fed.body });
    fed.push("half");
    await waitFor("a connection", () => scene.pool.sessionCount === 1);
    fed.body.fail(new ProxyError("client-gone", "downstream", "gone"));
    expect(await asked).toBe("client-gone: gone");
    expect(await scene.text()).toBe("200 ");
  });
});
