import { expect, test } from "bun:test";
import { Http2Answers } from "../../support/http/http2-answers.ts";
import { Flag, FrameType, frame, RawHttp2, request, uint32 } from "../../support/http/raw-http2.ts";
import { forwardingTo, type Router, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";

const MEGABYTE = 1024 * 1024;
const WHOLE = Flag.endHeaders | Flag.endStream;
const INITIAL_WINDOW = 4;
const STREAMS = 250;
const CONNECTIONS = 8;

const MODULE = `
const piece = () => new Uint8Array(64 * 1024).fill(97);
export default {
  fetch(request) {
    if (new URL(request.url).pathname === "/small") return new Response("small");
    return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(piece()) }));
  },
};
`;

const ENDLESS = `http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: endless }
  services:
    endless: { handler: { module: ./endless.js } }
`;

const startModule = () => startRouter({ dynamic: ENDLESS, files: { "endless.js": MODULE } });

/** Each gives bodies without end, and "small" for /small. */
const BACKENDS: Record<string, () => Promise<{ router: Router; stop: () => Promise<void> }>> = {
  "a module": async () => {
    const router = await startModule();
    return { router, stop: async () => router[Symbol.asyncDispose]() };
  },
  "an HTTP/1.1 upstream": () => behind("http"),
  "an HTTP/2 upstream": () => behind("h2c"),
};

/** A router in front of another one, with the module in it. */
async function behind(scheme: string) {
  const backend = await startModule();
  const router = await startRouter({
    dynamic: forwardingTo(`${scheme}://127.0.0.1:${backend.port}`),
  });
  return {
    router,
    stop: async () => {
      await router[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

async function small(router: Router): Promise<string> {
  using client = await RawHttp2.connect(router.port);
  await client.send(frame(FrameType.headers, WHOLE, 1, request("/small")));
  return (await new Http2Answers(client).of(1)).text;
}

for (const [backend, start] of Object.entries(BACKENDS)) {
  for (const [what, window] of [
    ["no window", 0],
    ["a window of one byte", 1],
  ] as const) {
    test(`2,000 bodies without end, ${what}, from ${backend}: memory stays, others are served`, async () => {
      const { router, stop } = await start();
      const clients: RawHttp2[] = [];
      try {
        expect(await small(router)).toBe("small");
        const before = router.program.rss();
        for (let i = 0; i < CONNECTIONS; i++) {
          const client = await RawHttp2.connect(router.port, [INITIAL_WINDOW, window]);
          clients.push(client);
          const answers = new Http2Answers(client, false);
          for (let k = 0; k < STREAMS; k++)
            client.offer(frame(FrameType.headers, WHOLE, 2 * k + 1, request("/endless")));
          for (let k = 0; k < STREAMS; k++) {
            const { status } = await answers.head(2 * k + 1);
            expect(status).toBe(200);
          }
          expect(await small(router)).toBe("small");
        }
        // Time for bodies to pile up, if they did.
        await Bun.sleep(1000);
        const grown = Math.round((router.program.rss() - before) / MEGABYTE);
        // Of each what a window or a few pieces take.
        expect(grown).toBeLessThan((STREAMS * CONNECTIONS * 330) / 1024);
        expect(await small(router)).toBe("small");
      } finally {
        for (const client of clients) client.reset();
        await stop();
      }
    }, 120_000);
  }
}

test("clients that take nothing don't hold up others on the same upstream connection", async () => {
  const { router, stop } = await BACKENDS["an HTTP/2 upstream"]();
  try {
    using client = await RawHttp2.connect(router.port, [INITIAL_WINDOW, 0]);
    const answers = new Http2Answers(client, false);
    for (let stream = 1; stream < 80; stream += 2)
      client.offer(frame(FrameType.headers, WHOLE, stream, request("/endless")));
    for (let stream = 1; stream < 80; stream += 2)
      expect((await answers.head(stream)).status).toBe(200);
    // Time for what their windows let through.
    await Bun.sleep(300);
    for (let i = 0; i < 20; i++) expect(await small(router)).toBe("small");
    // The others' bodies are still to be had.
    await client.send(frame(FrameType.windowUpdate, 0, 79, uint32(1000)));
    expect((await answers.until(79, ({ body }) => body.length === 1000)).end).toBeUndefined();
  } finally {
    await stop();
  }
});

/** Sends DATA as the windows allow, until it is all sent or the windows stay closed; how much that was. */
async function upload(client: RawHttp2, total: number): Promise<number> {
  let connection = 65_535;
  let stream = 65_535;
  let sent = 0;
  const piece = new Uint8Array(16_384).fill(97);
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset);
  while (sent < total) {
    const length = Math.min(piece.length, connection, stream, total - sent);
    if (length > 0) {
      sent += length;
      connection -= length;
      stream -= length;
      const end = sent === total ? Flag.endStream : 0;
      await client.send(frame(FrameType.data, end, 1, piece.subarray(0, length)));
      if (client.waiting.length === 0) continue;
    }
    const next = await client.frame(2000).catch(() => undefined);
    if (next === undefined) break;
    if (next.type === FrameType.settings && next.flags === 0) {
      for (let at = 0; at < next.payload.length; at += 6) {
        const value = view(next.payload).getUint32(at + 2);
        if (view(next.payload).getUint16(at) === INITIAL_WINDOW) stream += value - 65_535;
      }
    } else if (next.type === FrameType.windowUpdate) {
      const more = view(next.payload).getUint32(0);
      if (next.stream === 0) connection += more;
      else stream += more;
    }
  }
  return sent;
}

test("an upstream that doesn't read stops the client's upload; nothing piles up in between", async () => {
  using upstream = startUpstream((connection) => connection.pause());
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  const before = router.program.rss();
  using client = await RawHttp2.connect(router.port);
  await client.send(frame(FrameType.headers, Flag.endHeaders, 1, request("/", [], "POST")));
  const total = 200 * MEGABYTE;
  // What the system's buffers take, and no more.
  expect(await upload(client, total)).toBeLessThan(40 * MEGABYTE);
  expect(router.program.rss() - before).toBeLessThan(40 * MEGABYTE);
  // The client's other streams go on, and its end is the upstream's.
  await client.send(frame(FrameType.headers, WHOLE, 3, request("/other")));
  const other = await upstream.connection(1);
  other.resume();
  await other.request();
  await other.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother");
  expect((await new Http2Answers(client).of(3)).text).toBe("other");
  client.reset();
  const [stuck] = upstream.connections;
  stuck.resume();
  await stuck.ended();
  expect(stuck.requests).toEqual([]);
});

test("an upload of megabytes arrives whole, at the windows' pace", async () => {
  const total = 20 * MEGABYTE;
  using upstream = startUpstream(async (connection) => {
    connection.pause();
    await Bun.sleep(300);
    connection.resume();
    const got = await connection.request();
    const answer = String(got?.body.length);
    await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`);
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawHttp2.connect(router.port);
  await client.send(frame(FrameType.headers, Flag.endHeaders, 1, request("/", [], "POST")));
  expect(await upload(client, total)).toBe(total);
  expect((await new Http2Answers(client).of(1)).text).toBe(String(total));
});

test("bodies in pieces of one byte that nobody reads take their bytes, not a hundred times as much", async () => {
  await using router = await startRouter({
    dynamic: ENDLESS,
    files: { "endless.js": "export default { fetch: () => new Promise(() => {}) };" },
  });
  const before = router.program.rss();
  using client = await RawHttp2.connect(router.port);
  for (let stream = 1; stream < 40; stream += 2) {
    const piece = frame(FrameType.data, 0, stream, Uint8Array.of(97));
    await client.send(frame(FrameType.headers, Flag.endHeaders, stream, request("/", [], "POST")));
    await client.send(Buffer.concat(Array(60_000).fill(piece)));
  }
  await client.send(frame(FrameType.ping, 0, 0, new Uint8Array(8)));
  expect(await client.until(FrameType.ping)).toBeDefined();
  expect(router.program.rss() - before).toBeLessThan(50 * MEGABYTE);
}, 60_000);
