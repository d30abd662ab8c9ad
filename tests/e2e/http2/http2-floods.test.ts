import { expect, test } from "bun:test";
import { concatBytes } from "../../../src/core/bytes.ts";
import {
  Flag,
  FrameType,
  frame,
  RawHttp2,
  request,
  settings,
  uint32,
} from "../../support/http/raw-http2.ts";
import { forwardingTo, type Router, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { waitFor } from "../../support/wait-for.ts";

const WHOAMI = `http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: whoami@internal }
`;
const HEADERS = Flag.endHeaders | Flag.endStream;
const ENHANCE_YOUR_CALM = 11;
const MEGABYTE = 1024 * 1024;
/** What a program may grow by. A runtime's heap takes a good part of that before its first collections. */
const ROOM = 128 * MEGABYTE;

/** Asks without end until told to stop; how many of its requests weren't answered with 200. */
function goodClient(router: Router) {
  let stopped = false;
  const running = (async () => {
    let good = 0;
    let bad = 0;
    while (!stopped) {
      const response = await fetch(`${router.url}/good`);
      if (response.status === 200 && (await response.text()).includes("GET /good")) good++;
      else bad++;
    }
    return { good, bad };
  })();
  return {
    stop: () => {
      stopped = true;
      return running;
    },
  };
}

/** Sends pieces until the router has had enough and ends the connection; fails where it never does. */
async function flood(
  client: RawHttp2,
  piece: (i: number) => Uint8Array,
  pieces: number,
): Promise<void> {
  for (let i = 0; i < pieces && client.ending === "open"; i++) {
    try {
      await client.send(piece(i));
    } catch {
      break;
    }
  }
  await client.ended();
}

const many = (count: number, one: (i: number) => Uint8Array): Uint8Array =>
  concatBytes(Array.from({ length: count }, (_, i) => one(i)));

const CLASSES: Record<string, (i: number) => Uint8Array> = {
  "rapid reset (CVE-2023-44487)": (i) =>
    many(100, (j) => {
      const stream = 2 * (i * 100 + j) + 1;
      return concatBytes([
        frame(FrameType.headers, HEADERS, stream, request()),
        frame(FrameType.rstStream, 0, stream, uint32(8)),
      ]);
    }),
  "resets that it provokes (CVE-2025-8671)": (i) =>
    many(100, (j) => {
      const stream = 2 * (i * 100 + j) + 1;
      return concatBytes([
        frame(FrameType.headers, Flag.endHeaders, stream, request("/", [], "POST")),
        frame(FrameType.windowUpdate, 0, stream, uint32(0)),
      ]);
    }),
  SETTINGS: () => many(200, () => settings([3, 100])),
  "SETTINGS of thousands of parameters": () =>
    settings(...Array.from({ length: 2700 }, (_, i): [number, number] => [4, i])),
  "windows opened byte by byte (CVE-2019-9511)": (i) =>
    concatBytes([
      i === 0 ? settings([4, 0]) : new Uint8Array(0),
      many(i === 0 ? 200 : 0, (j) => frame(FrameType.headers, HEADERS, 2 * j + 1, request())),
      many(200, (j) => frame(FrameType.windowUpdate, 0, 2 * j + 1, uint32(1))),
    ]),
  PING: () => many(200, () => frame(FrameType.ping, 0, 0, new Uint8Array(8))),
  "empty DATA": (i) =>
    concatBytes([
      i === 0
        ? frame(FrameType.headers, Flag.endHeaders, 1, request("/", [], "POST"))
        : new Uint8Array(0),
      many(200, () => frame(FrameType.data, 0, 1)),
    ]),
  "small WINDOW_UPDATE": () => many(200, () => frame(FrameType.windowUpdate, 0, 0, uint32(1))),
  PRIORITY: () =>
    many(200, (j) => frame(FrameType.priority, 0, 2 * j + 1, Uint8Array.of(0, 0, 0, 0, 1))),
  "unknown frames": () => many(200, () => frame(0xbe, 0, 0, new Uint8Array(4))),
  "empty CONTINUATION": (i) =>
    concatBytes([
      i === 0 ? frame(FrameType.headers, Flag.endStream, 1, request()) : new Uint8Array(0),
      many(200, () => frame(FrameType.continuation, 0, 1)),
    ]),
};

for (const [name, piece] of Object.entries(CLASSES)) {
  test(`${name}: the connection ends, a good client is served throughout, memory stays`, async () => {
    await using router = await startRouter({ dynamic: WHOAMI });
    for (let i = 0; i < 50; i++) await (await fetch(router.url)).text();
    const before = router.program.rss();
    const good = goodClient(router);
    for (let attacker = 0; attacker < 5; attacker++) {
      using client = await RawHttp2.connect(router.port);
      await flood(client, piece, 500);
    }
    const { good: served, bad } = await good.stop();
    expect(bad).toBe(0);
    expect(served).toBeGreaterThan(0);
    expect(router.program.rss() - before).toBeLessThan(ROOM);
  }, 60_000);
}

test("a client may give up all it has open, time and again: a page that is left, calls whose deadlines pass", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.ended();
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawHttp2.connect(router.port);
  for (let round = 0; round < 4; round++) {
    const stream = (j: number) => 2 * (round * 250 + j) + 1;
    client.offer(many(250, (j) => frame(FrameType.headers, HEADERS, stream(j), request())));
    await waitFor("the calls", () => upstream.open === 250);
    client.offer(many(250, (j) => frame(FrameType.rstStream, 0, stream(j), uint32(8))));
    await waitFor("their end", () => upstream.open === 0);
    await Bun.sleep(1100);
  }
  expect(client.ending).toBe("open");
}, 60_000);

test("what ended the connection is said: ENHANCE_YOUR_CALM", async () => {
  await using router = await startRouter({ dynamic: WHOAMI });
  using client = await RawHttp2.connect(router.port);
  client.offer(many(5000, () => frame(FrameType.ping, 0, 0, new Uint8Array(8))));
  expect(await client.goAwayCode()).toBe(ENHANCE_YOUR_CALM);
});

test("a header block without end is cut at its cap", async () => {
  await using router = await startRouter({ dynamic: WHOAMI });
  const before = router.program.rss();
  for (let attacker = 0; attacker < 5; attacker++) {
    using client = await RawHttp2.connect(router.port);
    const value = "v".repeat(16_000);
    const part = request("/", [["x-long", value]]).subarray(0, 16_000);
    await client.send(frame(FrameType.headers, Flag.endStream, 1, part));
    await flood(client, () => frame(FrameType.continuation, 0, 1, part), 5000);
  }
  expect((await fetch(router.url)).status).toBe(200);
  expect(router.program.rss() - before).toBeLessThan(ROOM);
}, 60_000);

test("an HPACK bomb: a large table entry named a thousand times costs one answer, not memory", async () => {
  await using router = await startRouter({ dynamic: WHOAMI });
  const before = router.program.rss();
  using client = await RawHttp2.connect(router.port);
  // A literal with indexing of 3,900 bytes, then references to it (RFC 7541 sections 6.2.1 and 6.1).
  const value = new Uint8Array(3900).fill(0x61);
  const literal = concatBytes([Uint8Array.of(0x40, 1, 0x78, 0x7f, 0xbd, 0x1d), value]);
  const bomb = concatBytes([request("/"), literal, new Uint8Array(4000).fill(0xbe)]);
  await client.send(frame(FrameType.headers, HEADERS, 1, bomb));
  await waitFor("an answer or the end", async () => (await client.frame()) !== undefined);
  expect((await fetch(router.url)).status).toBe(200);
  expect(router.program.rss() - before).toBeLessThan(ROOM);
});

test("HPACK bombs on all streams at once: refused beyond a few, whose memory comes back", async () => {
  using upstream = startUpstream(() => {});
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  const before = router.program.rss();
  // As above: one that puts the entry into the table, then those that name it.
  const value = new Uint8Array(3900).fill(0x61);
  const literal = concatBytes([Uint8Array.of(0x40, 1, 0x78, 0x7f, 0xbd, 0x1d), value]);
  const named = new Uint8Array(250).fill(0xbe);
  for (let attacker = 0; attacker < 5; attacker++) {
    using client = await RawHttp2.connect(router.port);
    for (let i = 0; i < 250; i++) {
      const head = concatBytes([request("/"), i === 0 ? literal : new Uint8Array(0), named]);
      client.offer(frame(FrameType.headers, HEADERS, 2 * i + 1, head));
    }
    const refused = await client.until(FrameType.rstStream);
    expect(refused?.payload).toEqual(uint32(7));
    // They cost more than they look like.
    expect(await client.goAwayCode()).toBe(ENHANCE_YOUR_CALM);
  }
  expect(router.program.rss() - before).toBeLessThan(500 * MEGABYTE);
  expect(upstream.connections.length).toBeLessThan(40);
  await waitFor("the attackers' end", () => upstream.open === 0);
}, 60_000);

/** Large blocks that ways around the common limit are tried with. */
const BOMBS: Record<string, (stream: number, bomb: Uint8Array) => Uint8Array> = {
  "in heads whose streams are reset at once": (stream, bomb) =>
    concatBytes([
      frame(FrameType.headers, HEADERS, stream, concatBytes([request("/"), bomb])),
      frame(FrameType.rstStream, 0, stream, uint32(8)),
    ]),
  "in trailers": (stream, bomb) =>
    concatBytes([
      frame(FrameType.headers, Flag.endHeaders, stream, request("/", [], "POST")),
      frame(FrameType.headers, HEADERS, stream, bomb),
    ]),
};

test.each(Object.entries(BOMBS))(
  "HPACK bombs %s take no more memory",
  async (_, send) => {
    using upstream = startUpstream(() => {});
    await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
    const before = router.program.rss();
    const value = new Uint8Array(3900).fill(0x61);
    const literal = concatBytes([Uint8Array.of(0x40, 1, 0x78, 0x7f, 0xbd, 0x1d), value]);
    const named = new Uint8Array(250).fill(0xbe);
    for (let attacker = 0; attacker < 6; attacker++) {
      const client = await RawHttp2.connect(router.port);
      client.offer(send(1, concatBytes([literal, named])));
      client.offer(many(239, (i) => send(2 * i + 3, named)));
      expect(await client.goAwayCode()).toBe(ENHANCE_YOUR_CALM);
    }
    expect(router.program.rss() - before).toBeLessThan(250 * MEGABYTE);
  },
  60_000,
);

/** 16,000 times `accept-encoding: gzip, deflate` by its number in HPACK's table: 960,000 bytes of 16,000. */
const REFERENCES = new Uint8Array(16_000).fill(0x90);
const HALF = REFERENCES.subarray(8000);
/** Heads and trailers above a limit of 64 KiB, each on a stream of its own. */
const REFUSED: Record<string, (stream: number) => Uint8Array> = {
  heads: (stream) => frame(FrameType.headers, HEADERS, stream, REFERENCES),
  "heads in several frames": (stream) =>
    concatBytes([
      frame(FrameType.headers, Flag.endStream, stream, HALF),
      frame(FrameType.continuation, Flag.endHeaders, stream, HALF),
    ]),
  "heads whose streams are reset": (stream) =>
    concatBytes([
      frame(FrameType.headers, Flag.endHeaders, stream, REFERENCES),
      frame(FrameType.rstStream, 0, stream, uint32(8)),
    ]),
  trailers: (stream) =>
    concatBytes([
      frame(FrameType.headers, Flag.endHeaders, stream, request("/", [], "POST")),
      frame(FrameType.headers, HEADERS, stream, REFERENCES),
    ]),
  "heads on streams that were reset": (stream) =>
    concatBytes([
      frame(FrameType.headers, Flag.endHeaders, stream, request("/", [], "POST")),
      frame(FrameType.windowUpdate, 0, stream, uint32(0)),
      frame(FrameType.headers, HEADERS, stream, REFERENCES),
    ]),
};
const SMALL_HEADS = "    http: { maxHeaderBytes: 65536 }";

test.each(Object.entries(REFUSED))(
  "HPACK bombs that are refused, %s: they end the connection, whatever useful work comes between",
  async (_, send) => {
    await using router = await startRouter({ dynamic: WHOAMI, web: SMALL_HEADS });
    const good = goodClient(router);
    for (let attacker = 0; attacker < 3; attacker++) {
      using client = await RawHttp2.connect(router.port);
      let answered = 0;
      for (let i = 0; ; i++) {
        const work = 4 * i + 1;
        const head = request("/", [], "POST");
        client.offer(frame(FrameType.headers, Flag.endHeaders, work, head));
        client.offer(many(20, () => frame(FrameType.data, 0, work, Uint8Array.of(0x61))));
        client.offer(frame(FrameType.data, Flag.endStream, work));
        client.offer(send(work + 2));
        const answer = await client.until(FrameType.headers, work);
        if (answer === undefined) break;
        answered++;
        expect(answered).toBeLessThan(10);
      }
    }
    const { good: served, bad } = await good.stop();
    expect(bad).toBe(0);
    expect(served).toBeGreaterThan(0);
  },
  60_000,
);

test("bombs that are refused are told why the connection ends: ENHANCE_YOUR_CALM", async () => {
  await using router = await startRouter({ dynamic: WHOAMI, web: SMALL_HEADS });
  using client = await RawHttp2.connect(router.port);
  for (let i = 0; i < 10; i++) client.offer(REFUSED.heads(2 * i + 1));
  expect(await client.goAwayCode()).toBe(ENHANCE_YOUR_CALM);
});

test("a client that now and then sends a head too large gets its 431, and the connection goes on", async () => {
  await using router = await startRouter({ dynamic: WHOAMI, web: SMALL_HEADS });
  // Without a table at the client each status is sent in words.
  using client = await RawHttp2.connect(router.port, [1, 0]);
  const large = request(
    "/",
    Array.from({ length: 7 }, (_, i) => [`x-${i}`, "v".repeat(10_000)]),
  );
  for (let i = 0; i < 20; i++) {
    const stream = 4 * i + 1;
    for (let at = 0; at < large.length; at += 16_000) {
      const type = at === 0 ? FrameType.headers : FrameType.continuation;
      const flags = at === 0 ? Flag.endStream : 0;
      const last = at + 16_000 >= large.length ? Flag.endHeaders : 0;
      client.offer(frame(type, flags | last, stream, large.subarray(at, at + 16_000)));
    }
    const refused = await client.until(FrameType.headers, stream);
    expect(new TextDecoder("latin1").decode(refused?.payload)).toContain("431");
    client.offer(frame(FrameType.headers, HEADERS, stream + 2, request()));
    const served = await client.until(FrameType.headers, stream + 2);
    expect(served?.payload[0]).toBe(0x88);
  }
  expect(client.ending).toBe("open");
});

test("250 ordinary heads at once are all served, however small maxHeaderBytes is", async () => {
  await using router = await startRouter({
    dynamic: WHOAMI,
    web: "    http: { maxHeaderBytes: 4096 }",
  });
  using client = await RawHttp2.connect(router.port, [4, 0]);
  const head = request("/", [["cookie", "c".repeat(3000)]]);
  for (let i = 0; i < 250; i++) client.offer(frame(FrameType.headers, HEADERS, 2 * i + 1, head));
  for (let i = 0; i < 250; i++) {
    const next = await client.until(FrameType.headers);
    // 200, by its number in HPACK's table.
    expect(next?.payload[0]).toBe(0x88);
  }
});

test("no more streams at once than announced; the others are refused and the rest goes on", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  await using router = await startRouter({
    dynamic: forwardingTo(upstream.url),
    web: "    http2:\n      maxConcurrentStreams: 10\n",
  });
  using client = await RawHttp2.connect(router.port);
  const first = await client.until(FrameType.settings);
  const pairs = [...(first?.payload ?? [])];
  const at = pairs.findIndex((byte, i) => i % 6 === 1 && byte === 3 && pairs[i - 1] === 0);
  expect(pairs.slice(at + 1, at + 5)).toEqual([0, 0, 0, 10]);
  await client.send(frame(FrameType.settings, Flag.ack, 0));
  for (let i = 0; i < 11; i++)
    await client.send(
      frame(FrameType.headers, Flag.endHeaders, 2 * i + 1, request("/", [], "POST")),
    );
  const refused = await client.until(FrameType.rstStream);
  expect([refused?.stream, refused?.payload]).toEqual([21, uint32(7)]);
  await client.send(frame(FrameType.data, Flag.endStream, 1));
  expect(await client.until(FrameType.headers, 1)).toBeDefined();
});
