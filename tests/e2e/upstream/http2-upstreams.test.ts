import { expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import { Http2Answers } from "../../support/http/http2-answers.ts";
import { type Http2Peer, scriptedHttp2 } from "../../support/http/http2-upstream.ts";
import {
  block,
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
import { waitFor } from "../../support/wait-for.ts";

const HEAD = Flag.endHeaders;
const WHOLE = Flag.endHeaders | Flag.endStream;
const REFUSED = 7;
const ok = block([[":status", "200"]]);
const bytes = (length: number) => new Uint8Array(length);
const repeated = (count: number, one: Uint8Array) => Buffer.concat(Array(count).fill(one));

type Script = (peer: Http2Peer, index: number) => Promise<void>;

async function before(script: Script, more = "") {
  const upstream = scriptedHttp2(script);
  const router = await startRouter({ workers: 1, dynamic: forwardingTo(upstream.url) + more });
  return {
    ...upstream,
    router,
    get: (path = "/", method = "GET") => get(router.port, path, [], method),
    async [Symbol.asyncDispose]() {
      await router[Symbol.asyncDispose]();
      upstream.stop();
    },
  };
}

/** Serves requests on a connection, each with the name as body, until it ends. */
async function serving(peer: Http2Peer, name: string): Promise<void> {
  for (;;) {
    const stream = await peer.request();
    await peer.respond(stream, "200", false);
    await peer.data(stream, name, true);
  }
}

/** What an upstream answers a request on that stream with, against the rules. */
const WRONG: Record<string, (stream: number) => Uint8Array> = {
  "DATA without a head": (stream) => frame(FrameType.data, Flag.endStream, stream, bytes(4)),
  "a head without a status": (stream) =>
    frame(FrameType.headers, WHOLE, stream, block([["x", "y"]])),
  "a status of two digits": (stream) =>
    frame(FrameType.headers, WHOLE, stream, block([[":status", "20"]])),
  "a status and a method": (stream) =>
    frame(
      FrameType.headers,
      WHOLE,
      stream,
      block([
        [":status", "200"],
        [":method", "GET"],
      ]),
    ),
  "a length, and the end": (stream) =>
    frame(
      FrameType.headers,
      WHOLE,
      stream,
      block([
        [":status", "200"],
        ["content-length", "5"],
      ]),
    ),
  "a field name in upper case": (stream) =>
    frame(
      FrameType.headers,
      WHOLE,
      stream,
      block([
        [":status", "200"],
        ["X-A", "1"],
      ]),
    ),
  "a line feed in a value": (stream) =>
    frame(
      FrameType.headers,
      WHOLE,
      stream,
      block([
        [":status", "200"],
        ["x-a", "1\nb: 2"],
      ]),
    ),
  "a connection-specific field": (stream) =>
    frame(
      FrameType.headers,
      WHOLE,
      stream,
      block([
        [":status", "200"],
        ["connection", "close"],
      ]),
    ),
  "101": (stream) => frame(FrameType.headers, HEAD, stream, block([[":status", "101"]])),
  "an interim response that ends": (stream) =>
    frame(FrameType.headers, WHOLE, stream, block([[":status", "103"]])),
  "HPACK that can't be decoded": (stream) =>
    frame(FrameType.headers, WHOLE, stream, bytes(8).fill(0xff)),
  PUSH_PROMISE: (stream) =>
    frame(FrameType.pushPromise, HEAD, stream, Buffer.concat([uint32(2), ok])),
  "a stream of its own": () => frame(FrameType.headers, WHOLE, 2, ok),
  "a stream that nobody opened": () => frame(FrameType.headers, WHOLE, 4711, ok),
  "a frame larger than agreed": () => frame(FrameType.data, 0, 0, bytes(20_000)),
  "SETTINGS of the wrong length": () => frame(FrameType.settings, 0, 0, bytes(5)),
  "SETTINGS that turn push on": () => settings([2, 1]),
  "a window above the limit": () => frame(FrameType.windowUpdate, 0, 0, uint32(0x7fffffff)),
  "PING of the wrong length": () => frame(FrameType.ping, 0, 0, bytes(7)),
  "CONTINUATION without HEADERS": (stream) => frame(FrameType.continuation, HEAD, stream, ok),
  "CONTINUATION without end": (stream) =>
    Buffer.concat([
      frame(FrameType.headers, 0, stream, ok),
      repeated(5000, frame(FrameType.continuation, 0, stream)),
    ]),
  "a head of megabytes": (stream) =>
    Buffer.concat([
      frame(FrameType.headers, 0, stream, ok),
      repeated(400, frame(FrameType.continuation, 0, stream, block([["x", "y".repeat(16_000)]]))),
    ]),
  "PINGs without end": () => repeated(20_000, frame(FrameType.ping, 0, 0, bytes(8))),
  "SETTINGS without end": () => repeated(20_000, settings([3, 100])),
  "interim responses without end": (stream) =>
    repeated(20_000, frame(FrameType.headers, HEAD, stream, block([[":status", "103"]]))),
  "empty DATA without end": (stream) =>
    Buffer.concat([
      frame(
        FrameType.headers,
        HEAD,
        stream,
        block([
          [":status", "200"],
          ["content-length", "1"],
        ]),
      ),
      repeated(20_000, frame(FrameType.data, 0, stream)),
    ]),
  "resets of streams long gone": () =>
    repeated(20_000, frame(FrameType.rstStream, 0, 1, uint32(8))),
  "no HTTP/2": () => Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
  "GOAWAY and the end": () => frame(FrameType.goAway, 0, 0, uint32(0x7fffffff, 2)),
};

test("whatever an upstream does wrong: 502 or a cut, and the next request is served", async () => {
  let wrong: ((stream: number) => Uint8Array) | null = null;
  await using scene = await before(async (peer) => {
    await peer.begin();
    for (;;) {
      const stream = await peer.request();
      if (wrong === null) {
        await peer.respond(stream, "200", false);
        await peer.data(stream, "fine", true);
        continue;
      }
      const last = wrong(stream);
      wrong = null;
      peer.offer(last);
      if (last[3] === FrameType.goAway) peer.close();
    }
  });
  const rss = scene.router.program.rss();
  for (const [what, answer] of Object.entries(WRONG)) {
    wrong = answer;
    using client = await RawClient.connect(scene.router.port);
    await client.send("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n");
    const found = await client.response().then(
      ({ status }) => status,
      (error: Error) => error.message.split(":")[0],
    );
    // A head that has gone on can only be cut short.
    const cut = "the connection ended before a response";
    expect([what, found]).toEqual([what, what === "empty DATA without end" ? cut : 502]);
    expect([what, (await scene.get()).text]).toEqual([what, "fine"]);
  }
  expect(scene.router.program.exitCode).toBeNull();
  expect(scene.router.program.log).not.toMatch(/TypeError|unhandled|uncaught/i);
  expect(scene.router.program.rss() - rss).toBeLessThan(64 * 1024 * 1024);
}, 120_000);

test("a body where there can be none is stopped, and was the client's to have by then", async () => {
  const resets: number[] = [];
  await using scene = await before(async (peer) => {
    await peer.begin();
    for (const status of ["200", "204", "304"]) {
      const stream = await peer.request();
      await peer.respond(stream, status, false);
      await peer.data(stream, "endless");
      resets.push((await peer.until(FrameType.rstStream, stream)).payload[3]);
    }
    await serving(peer, "fine");
  });
  expect((await scene.get("/", "HEAD")).status).toBe(200);
  expect((await scene.get()).status).toBe(204);
  expect((await scene.get()).status).toBe(304);
  expect((await scene.get()).text).toBe("fine");
  expect(resets).toEqual([1, 1, 1]);
  expect(scene.peers.length).toBe(1);
});

test("fields beyond what a server says that it takes: 431, and the connection that others share stays", async () => {
  const MOST = 8192;
  await using scene = await before(async (peer) => {
    await peer.begin([6, MOST]);
    for (;;) {
      const next = await peer.until(FrameType.data);
      if (next.payload.length > 0) await peer.respond(next.stream);
    }
  });
  using client = await RawHttp2.connect(scene.router.port);
  const answers = new Http2Answers(client);
  const ask = async (stream: number, field: number, trailer: number) => {
    const head = request("/", [["x-long", "l".repeat(field)]], "POST");
    await client.send(frame(FrameType.headers, HEAD, stream, head));
    await client.send(frame(FrameType.data, 0, stream, bytes(4)));
    const trailers = block([["x-long", "l".repeat(trailer)]]);
    await client.send(frame(FrameType.headers, WHOLE, stream, trailers));
    return (await answers.of(stream)).status;
  };
  expect(await ask(1, 10, 10)).toBe(200);
  expect(await ask(3, MOST - 1000, 10)).toBe(200);
  expect(await ask(5, MOST, 10)).toBe(431);
  // Begun before its trailers are there, it can only be broken off or refused.
  expect([0, 200, 431]).toContain(await ask(7, 10, MOST));
  expect(await ask(9, 10, MOST - 100)).toBe(200);
  expect(scene.peers.length).toBe(1);
});

test("GOAWAY in the middle: what it leaves is answered, what it refuses goes elsewhere, unnoticed", async () => {
  await using scene = await before(async (peer, index) => {
    await peer.begin();
    if (index > 0) return serving(peer, "second");
    const streams = [await peer.request(), await peer.request(), await peer.request()];
    await peer.goAway(streams[0]);
    await peer.respond(streams[0], "200", false);
    await peer.data(streams[0], "first", true);
  });
  const answers = await Promise.all([scene.get("/1"), scene.get("/2"), scene.get("/3")]);
  expect(answers.map(({ text }) => text).sort()).toEqual(["first", "second", "second"]);
  expect((await scene.get("/4")).text).toBe("second");
  expect(scene.peers.length).toBe(2);
  await waitFor("the old connection's end", () => scene.peers[0].ending !== "open");
});

test("a POST that was refused with its body under way is never sent twice", async () => {
  let requests = 0;
  await using scene = await before(async (peer) => {
    await peer.begin();
    for (;;) {
      const stream = await peer.request();
      requests++;
      await peer.until(FrameType.data, stream);
      await peer.rst(stream, REFUSED);
    }
  });
  using client = await RawClient.connect(scene.router.port);
  await client.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\nhalf");
  expect((await client.response("POST")).status).toBe(502);
  expect(requests).toBe(1);
});

test("REFUSED_STREAM: sent again, and given up with 502 when it never ends", async () => {
  const refusing = new Set<string>();
  let seen = 0;
  await using scene = await before(async (peer) => {
    await peer.begin();
    for (;;) {
      const stream = await peer.request();
      seen++;
      if (refusing.size === 0 || (seen > 2 && !refusing.has("always"))) {
        await peer.respond(stream, "204");
      } else await peer.rst(stream, REFUSED);
    }
  });
  refusing.add("twice");
  expect((await scene.get()).status).toBe(204);
  expect(seen).toBe(3);
  refusing.add("always");
  expect((await scene.get()).status).toBe(502);
  expect(seen).toBeLessThan(10);
});

test("MAX_CONCURRENT_STREAMS: never more at a time, also when it shrinks; the others wait or go elsewhere", async () => {
  const most: number[] = [];
  await using scene = await before(async (peer, index) => {
    // Before the first wait: a connection may get no stream at all.
    most[index] = 0;
    await peer.begin([3, index === 0 ? 4 : 2]);
    let open = 0;
    let served = 0;
    const answer = async (stream: number) => {
      await Bun.sleep(20);
      open--;
      await peer.respond(stream, "204");
    };
    const answers: Promise<void>[] = [];
    for (;;) {
      const stream = await peer.request();
      // The acknowledgement may come behind streams that were opened before.
      most[index] = Math.max(most[index], ++open);
      if (++served === 8 && index === 0) await peer.send(settings([3, 1]));
      answers.push(answer(stream));
    }
  });
  await scene.get();
  const all = await Promise.all(Array.from({ length: 60 }, (_, i) => scene.get(`/${i}`)));
  expect(all.map(({ status }) => status)).toEqual(Array(60).fill(204));
  expect(most[0]).toBeLessThanOrEqual(4);
  for (const other of most.slice(1)) expect(other).toBeLessThanOrEqual(2);
});

test("an upstream that allows no stream at all: an error, not a storm of connections", async () => {
  await using scene = await before(async (peer) => {
    await peer.begin([3, 0]);
    for (;;) await peer.rst(await peer.request(), REFUSED);
  });
  expect((await scene.get()).status).toBe(502);
  expect(scene.peers.length).toBeLessThan(10);
});

test("an upstream that goes silent is found out by a PING, and its calls end with an error", async () => {
  await using scene = await before(async (peer) => {
    await peer.begin();
    await peer.request();
  }, "        serversTransport: watched\n  serversTransports:\n    watched: { forwardingTimeouts: { readIdleTimeout: 300ms, pingTimeout: 300ms } }\n");
  expect((await scene.get()).status).toBe(502);
  await scene.peers[0].until(FrameType.ping);
  expect(await scene.peers[0].ended()).not.toBe("open");
});

test("an upstream that stops reading in an upload and then breaks a rule leaves no socket behind", async () => {
  await using scene = await before(async (peer) => {
    await peer.begin([4, 0x7fffffff]);
    await peer.send(frame(FrameType.windowUpdate, 0, 0, uint32(0x7fff0000)));
    await peer.request();
    peer.pause();
  });
  const { program, port } = scene.router;
  const sockets = program.sockets();
  using client = await RawClient.connect(port);
  await client.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100000000\r\n\r\n");
  client.offer(new Uint8Array(100_000_000));
  await waitFor("the connection above", () => scene.peers.length === 1);
  // Time to fill what the system buffers.
  await Bun.sleep(500);
  await scene.peers[0].send(frame(FrameType.ping, 0, 0, bytes(7)));
  expect((await client.response("POST")).status).toBe(502);
  client.reset();
  await waitFor("closed sockets", () => program.sockets() <= sockets);
});

test("clients that give up hundreds of requests at once take nothing from the others on the connection", async () => {
  await using scene = await before(async (peer) => {
    await peer.begin();
    const first = await peer.request();
    await peer.respond(first, "200", false);
    for (;;) {
      const stream = await peer.request();
      // Begun before the reset is heard of: a head, and pieces of a body.
      setTimeout(() => {
        peer.offer(frame(FrameType.headers, HEAD, stream, ok));
        peer.offer(repeated(10, frame(FrameType.data, 0, stream, bytes(100))));
      }, 300);
    }
  });
  using patient = await RawHttp2.connect(scene.router.port);
  const answers = new Http2Answers(patient);
  await patient.send(frame(FrameType.headers, WHOLE, 1, request("/patient")));
  await answers.head(1);
  const [peer] = scene.peers;
  for (let i = 0; i < 3; i++) {
    using other = await RawHttp2.connect(scene.router.port);
    for (let k = 0; k < 240; k++)
      other.offer(frame(FrameType.headers, WHOLE, 2 * k + 1, request("/given-up")));
    await other.send(frame(FrameType.ping, 0, 0, bytes(8)));
    await other.until(FrameType.ping);
    // Time for the requests to arrive above, and their resets before the answers.
    await Bun.sleep(100);
    other.reset();
    await Bun.sleep(500);
  }
  await peer.data(1, "patience", true);
  expect(await answers.of(1)).toMatchObject({ text: "patience", end: "clean" });
  expect(scene.peers.length).toBe(1);
});
