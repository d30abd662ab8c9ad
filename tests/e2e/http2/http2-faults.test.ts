import { describe, expect, test } from "bun:test";
import { Http2Answers } from "../../support/http/http2-answers.ts";
import {
  Flag,
  FrameType,
  frame,
  RawHttp2,
  request,
  settings,
  uint32,
} from "../../support/http/raw-http2.ts";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream, type UpstreamScript } from "../../support/sockets/recording-upstream.ts";
import {
  answering,
  plain,
  sendingThenClosing,
  sendingThenResetting,
} from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const WHOLE = Flag.endHeaders | Flag.endStream;
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const CANCEL = 8;
const utf8 = (text: string) => new TextEncoder().encode(text);

async function before(script: UpstreamScript, timeouts = "", more = "accessLog: {}\n") {
  const upstream = startUpstream(script);
  const web = timeouts && `    transport: { respondingTimeouts: { ${timeouts} } }`;
  const router = await startRouter({
    workers: 1,
    dynamic: forwardingTo(upstream.url),
    web,
    static: more,
  });
  return {
    upstream,
    router,
    program: router.program,
    client: async (...pairs: [number, number][]) => {
      const client = await RawHttp2.connect(router.port, ...pairs);
      const ask = (stream: number, path: string, method = "GET") =>
        client.send(frame(FrameType.headers, WHOLE, stream, request(path, [], method)));
      const begin = (stream: number, path: string, fields: [string, string][] = []) =>
        client.send(
          frame(FrameType.headers, Flag.endHeaders, stream, request(path, fields, "POST")),
        );
      const data = (stream: number, text: string, end = false) =>
        client.send(frame(FrameType.data, end ? Flag.endStream : 0, stream, utf8(text)));
      const reset = (stream: number) =>
        client.send(frame(FrameType.rstStream, 0, stream, uint32(CANCEL)));
      const dispose = () => client.reset();
      const answers = new Http2Answers(client);
      return { raw: client, answers, ask, begin, data, reset, [Symbol.dispose]: dispose };
    },
    async [Symbol.asyncDispose]() {
      await router[Symbol.asyncDispose]();
      upstream.stop();
    },
  };
}

describe("time limits", () => {
  const SHORT = "readTimeout: 300ms, idleTimeout: 300ms";
  const head = request("/", [["x-long", "value"]]);
  const BEGINNINGS: Record<string, Uint8Array> = {
    "a part of the preface": utf8(PREFACE.slice(0, 10)),
    "the preface without SETTINGS": utf8(PREFACE),
    "a part of SETTINGS": Buffer.concat([utf8(PREFACE), settings([3, 100]).subarray(0, 12)]),
    "SETTINGS and nothing more": Buffer.concat([utf8(PREFACE), settings()]),
    "HEADERS that CONTINUATION must follow": Buffer.concat([
      utf8(PREFACE),
      settings(),
      frame(FrameType.headers, Flag.endStream, 1, head),
    ]),
    "a part of HEADERS": Buffer.concat([
      utf8(PREFACE),
      settings(),
      frame(FrameType.headers, WHOLE, 1, head).subarray(0, 20),
    ]),
    "a part of a frame's header": Buffer.concat([utf8(PREFACE), settings(), Uint8Array.of(0, 0)]),
  };
  test("a client that begins and says no more is let go, however far it came", async () => {
    await using scene = await before(answering(plain("ok")), SHORT);
    const sockets = scene.program.sockets();
    const clients = await Promise.all(
      Object.entries(BEGINNINGS).map(async ([name, bytes]) => {
        const client = await RawClient.connect(scene.router.port);
        await client.send(bytes);
        return { name, client };
      }),
    );
    for (const { name, client } of clients) {
      expect([name, await client.ended()]).toEqual([name, "fin"]);
      client.close();
    }
    await waitFor("no connection", () => scene.program.sockets() <= sockets);
    expect(scene.upstream.connections).toEqual([]);
  });

  test("CONTINUATION frames that trickle don't prolong the time for a head", async () => {
    await using scene = await before(answering(plain("ok")), SHORT);
    using client = await scene.client();
    await client.raw.send(frame(FrameType.headers, Flag.endStream, 1, head));
    let sent = 0;
    while (client.raw.ending === "open" && sent < 200) {
      client.raw.offer(frame(FrameType.continuation, 0, 1, Uint8Array.of(0, 1, 120, 1, 121)));
      sent++;
      await Bun.sleep(50);
    }
    expect(sent).toBeLessThan(60);
  });

  test("an idle client is let go after the idleTimeout, whatever PINGs it sends", async () => {
    await using scene = await before(answering(plain("ok")), "idleTimeout: 300ms");
    using client = await scene.client();
    await client.ask(1, "/");
    expect((await client.answers.of(1)).text).toBe("ok");
    let sent = 0;
    while (client.raw.ending === "open" && sent < 200) {
      client.raw.offer(frame(FrameType.ping, 0, 0, new Uint8Array(8)));
      sent++;
      await Bun.sleep(50);
    }
    expect(sent).toBeLessThan(60);
    expect(await client.raw.goAwayCode()).toBe(0);
  });

  test("a body that stops, or trickles: 408, and never a whole request above", async () => {
    await using scene = await before(answering(plain("ok")), "readTimeout: 400ms");
    using client = await scene.client();
    await client.begin(1, "/stops");
    await client.data(1, "beginning");
    await client.begin(3, "/trickles");
    const trickling = (async () => {
      for (let i = 0; i < 100 && client.answers.at(3).end === undefined; i++) {
        await client.data(3, "x");
        await Bun.sleep(30);
      }
    })();
    for (const stream of [1, 3]) expect((await client.answers.of(stream)).status).toBe(408);
    await trickling;
    await scene.program.logged(/"POST \/stops HTTP\/2.0" 408 /);
    await waitFor("the upstream to be rid of both", () => scene.upstream.open === 0);
    expect(scene.upstream.requests).toEqual([]);
    // The others on the connection don't notice.
    await client.ask(5, "/");
    expect((await client.answers.of(5)).text).toBe("ok");
  });

  test("an upstream that doesn't answer within the writeTimeout: 504; one that stops: a reset", async () => {
    await using scene = await before(async (connection) => {
      const got = await connection.request();
      if (got?.target === "/part")
        await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
    }, "writeTimeout: 400ms");
    using client = await scene.client();
    await client.ask(1, "/never");
    await client.ask(3, "/part");
    expect(await client.answers.of(1)).toMatchObject({ status: 504, end: "clean" });
    expect(await client.answers.of(3)).toMatchObject({ status: 200, end: CANCEL, text: "part" });
    await waitFor("the upstream to be rid of both", () => scene.upstream.open === 0);
  });

  test("a client that never opens its window is reset after the idleTimeout, and its upstream freed", async () => {
    await using scene = await before(answering(plain("a body")), "idleTimeout: 1s");
    using client = await scene.client([4, 0]);
    await client.ask(1, "/");
    expect(await client.answers.of(1)).toMatchObject({ status: 200, end: CANCEL });
    // Another one, whose window opens little by little, may take its time.
    await client.ask(3, "/");
    await client.answers.head(3);
    for (let i = 0; i < 6; i++) {
      await Bun.sleep(300);
      await client.raw.send(frame(FrameType.windowUpdate, 0, 3, uint32(1)));
    }
    expect(await client.answers.of(3)).toMatchObject({ text: "a body", end: "clean" });
  });
});

describe("a client that reads", () => {
  const MEGABYTES = 30;
  const large = answering(plain(new Uint8Array(MEGABYTES * 1024 * 1024)));
  const WIDE: [number, number] = [4, 0x7fffffff];
  const widen = frame(FrameType.windowUpdate, 0, 0, uint32(0x7fff0000));

  test("nothing, though its windows are wide: its connection is cut, and its upstream freed", async () => {
    await using scene = await before(large, "idleTimeout: 500ms");
    const sockets = scene.program.sockets();
    using client = await scene.client(WIDE);
    await client.raw.send(widen);
    await client.ask(1, "/");
    await client.answers.head(1);
    client.raw.pause();
    await waitFor("no connection", () => scene.program.sockets() <= sockets);
    await scene.program.logged(/"GET \/ HTTP\/2.0" 200 /);
  });

  test("slowly: gets all of it", async () => {
    await using scene = await before(large, "idleTimeout: 2s");
    using client = await scene.client(WIDE);
    await client.raw.send(widen);
    await client.ask(1, "/");
    for (let i = 0; i < 12; i++) {
      client.raw.pause();
      await Bun.sleep(300);
      client.raw.resume();
      await Bun.sleep(10);
    }
    let received = 0;
    for (let next = await client.raw.frame(); ; next = await client.raw.frame()) {
      if (next === undefined) break;
      if (next.type !== FrameType.data) continue;
      received += next.payload.length;
      if ((next.flags & Flag.endStream) !== 0) break;
    }
    expect(received).toBe(MEGABYTES * 1024 * 1024);
  }, 60_000);
});

describe("an upstream that dies", () => {
  const HALVES: Record<string, string> = {
    "with a Content-Length": "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    "in a chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    "between chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "in the trailers":
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX-T: ",
  };
  for (const [name, half] of Object.entries(HALVES)) {
    test(`${name}: a reset of the stream, never a clean end, and the connection lives`, async () => {
      await using scene = await before(async (connection, index) => {
        const script = index % 2 === 0 ? sendingThenClosing(half) : sendingThenResetting(half);
        await script(connection, index);
      });
      using client = await scene.client();
      for (const stream of [1, 3, 5, 7]) {
        await client.ask(stream, "/");
        const answer = await client.answers.of(stream);
        expect([answer.status, typeof answer.end]).toEqual([200, "number"]);
        expect("half".startsWith(answer.text)).toBe(true);
        expect(answer.trailers).toBeUndefined();
      }
    });
  }

  test("before its head: 502", async () => {
    await using scene = await before(sendingThenClosing(""));
    using client = await scene.client();
    await client.ask(1, "/");
    expect(await client.answers.of(1)).toMatchObject({ status: 502, end: "clean" });
  });
});

describe("a client that resets", () => {
  test("in its upload: the upstream's connection ends, and never has a whole request", async () => {
    await using scene = await before(answering(plain("ok")));
    using client = await scene.client();
    await client.begin(1, "/upload");
    await client.data(1, "part");
    const upstream = await scene.upstream.connection(0);
    await upstream.readUntil("part");
    await client.reset(1);
    await upstream.ended();
    expect(scene.upstream.requests).toEqual([]);
    await scene.program.logged(/"POST \/upload HTTP\/2.0" 499 /);
    await client.ask(3, "/");
    expect((await client.answers.of(3)).text).toBe("ok");
  });

  test("in its download: the upstream's connection is closed, not given to the next", async () => {
    await using scene = await before(async (connection) => {
      const got = await connection.request();
      await connection.send(
        got?.target === "/small" ? plain("small") : plain("x".repeat(20)).subarray(0, -5),
      );
    });
    using client = await scene.client();
    await client.ask(1, "/large");
    await client.answers.until(1, ({ text }) => text.startsWith("xxxx"));
    await client.reset(1);
    await client.ask(3, "/small");
    expect((await client.answers.of(3)).text).toBe("small");
    expect(await scene.upstream.connections[0].ended()).not.toBe("open");
    expect(scene.upstream.connections.length).toBe(2);
  });

  test("hundreds of streams that it has got something of, one by one: no flood", async () => {
    await using scene = await before(async (connection) => {
      await connection.request();
      await connection.send(plain("event and more").subarray(0, -9));
    });
    using client = await scene.client();
    for (let stream = 1; stream < 600; stream += 2) {
      await client.ask(stream, "/");
      await client.answers.until(stream, ({ text }) => text === "event");
      await client.reset(stream);
    }
    await waitFor("the upstream to be rid of all", () => scene.upstream.open === 0);
    expect(client.answers.goAways).toEqual([]);
  });

  test("or goes: all its upstream calls end", async () => {
    await using scene = await before(async (connection) => void (await connection.request()));
    const client = await scene.client();
    for (let stream = 1; stream < 20; stream += 2) await client.ask(stream, "/");
    await waitFor("ten requests", () => scene.upstream.requests.length === 10);
    client.raw.close();
    await waitFor("their ends", () => scene.upstream.open === 0);
  });
});

describe("an answer before the request's end", () => {
  test("goes to the client, who is told to stop; the upstream's connection isn't used again", async () => {
    await using scene = await before(async (connection, index) => {
      if (index > 0) return answering(plain("next"))(connection, index);
      await connection.readUntil("beginning");
      await connection.send(plain("too large", "413 Content Too Large"));
      await connection.readToEnd();
    });
    using client = await scene.client();
    await client.begin(1, "/");
    await client.data(1, "beginning");
    const answer = await client.answers.of(1);
    expect([answer.status, answer.text, answer.end]).toEqual([413, "too large", "clean"]);
    // RFC 9113 section 8.1: RST_STREAM with NO_ERROR behind the response.
    expect((await client.raw.until(FrameType.rstStream, 1))?.payload).toEqual(uint32(0));
    // What was on its way does no harm.
    await client.data(1, "rest", true);
    await client.ask(3, "/");
    expect((await client.answers.of(3)).text).toBe("next");
    expect(scene.upstream.connections.length).toBe(2);
  });
});

test("thousands of faulty streams and connections leave no socket and little memory behind", async () => {
  await using scene = await before(async (connection, index) => {
    await connection.request();
    if (index % 3 === 0) connection.reset();
    else if (index % 3 === 1)
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    else await connection.send("garbage\r\n\r\n");
  });
  const { program } = scene;
  const sockets = program.sockets();
  const round = async (connections: number) => {
    for (let i = 0; i < connections; i++) {
      using client = await scene.client();
      for (let stream = 1; stream < 80; stream += 2) {
        if (stream % 3 === 0) await client.begin(stream, "/");
        else await client.ask(stream, "/");
        if (stream % 5 === 0) await client.reset(stream);
      }
      await client.answers.head(1);
    }
    await waitFor("closed sockets", () => program.sockets() <= sockets);
  };
  await round(20);
  const settled = program.rss();
  await round(60);
  expect(program.rss() - settled).toBeLessThan(40 * 1024 * 1024);
}, 120_000);
