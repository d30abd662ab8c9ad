import { expect } from "bun:test";
import { curl } from "../../support/curl.ts";
import { Flag, FrameType, frame, RawHttp2, request, uint32 } from "../../support/http/raw-http2.ts";
import { testWith } from "../../support/requires.ts";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("curl");

const WHOAMI = `http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: whoami@internal }
`;

const HEADERS = Flag.endHeaders | Flag.endStream;
const utf8 = (text: string) => new TextEncoder().encode(text);

test("prior knowledge and HTTP/1.1 on one port", async () => {
  await using router = await startRouter({ dynamic: WHOAMI });
  const second = await curl(`http://app.test:${router.port}/x`, "--http2-prior-knowledge");
  expect([second.status, second.version]).toEqual([200, "2"]);
  expect(second.body).toContain("GET /x HTTP");
  const first = await curl(`http://app.test:${router.port}/x`);
  expect([first.status, first.version]).toEqual([200, "1.1"]);
});

test("what an HTTP/1.1 upstream gets of an HTTP/2 request", async () => {
  using upstream = startUpstream(async (connection) => {
    while (await connection.request())
      await connection.send(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nX-Up: yes\r\n\r\nok",
      );
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawHttp2.connect(router.port);
  const fields = [
    ["te", "trailers"],
    ["cookie", "a=1"],
    ["cookie", "b=2"],
    ["x-own", "value"],
  ] as const;
  await client.send(
    frame(FrameType.headers, Flag.endHeaders, 1, request("/path?q=1", fields, "POST")),
  );
  await client.send(frame(FrameType.data, 0, 1, utf8("hel")));
  await client.send(
    frame(FrameType.data, Flag.endStream | Flag.padded, 1, Uint8Array.of(2, 108, 111, 0, 0)),
  );
  expect((await client.until(FrameType.headers, 1))?.flags).toBe(Flag.endHeaders);
  const data = await client.until(FrameType.data, 1);
  expect(new TextDecoder().decode(data?.payload)).toBe("ok");
  expect(data?.flags).toBe(Flag.endStream);
  expect(upstream.errors).toEqual([]);
  const received = upstream.received[0];
  expect(received).toStartWith("POST /path?q=1 HTTP/1.1\r\nHost: app.test\r\n");
  expect(received).toMatch(/^cookie: a=1; b=2\r$/im);
  expect(received).toMatch(/^x-own: value\r$/im);
  expect(received).toMatch(/^te: trailers\r$/im);
  expect(received).toMatch(/^transfer-encoding: chunked\r$/im);
  expect(received).toMatch(/^X-Forwarded-Proto: http\r$/m);
  expect(received).not.toMatch(/^:/m);
  expect(new TextDecoder().decode(upstream.requests[0].body)).toBe("hello");
});

const MALFORMED: Record<string, Uint8Array> = {
  "an upper-case name": request("/", [["X-Upper", "1"]]),
  "a connection-specific field": request("/", [["connection", "close"]]),
  "transfer-encoding": request("/", [["transfer-encoding", "chunked"]]),
  "te beyond trailers": request("/", [["te", "gzip"]]),
  "a line feed in a value": request("/", [["x-a", "1\r\nx-b: 2"]]),
  "a colon in a name": request("/", [["x:a", "1"]]),
  "an empty name": request("/", [["", "1"]]),
  "a path with a space": request("/a b"),
  "a path with a line feed": request("/a\r\nx: y"),
  "an empty path": request(""),
  "a path that is none": request("foo"),
  "a method with a space": request("/", [], "GET / HTTP/1.1\r\nx:"),
  "another host": request("/", [["host", "other.test"]]),
  "two lengths": request("/", [
    ["content-length", "1"],
    ["content-length", "2"],
  ]),
  "a length that is none": request("/", [["content-length", "+1"]]),
};

for (const [what, head] of Object.entries(MALFORMED)) {
  test(`a request with ${what} reaches nobody`, async () => {
    using upstream = startUpstream(async (connection) => {
      while (await connection.request())
        await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
    using client = await RawHttp2.connect(router.port);
    await client.send(frame(FrameType.headers, HEADERS, 1, head));
    const reset = await client.until(FrameType.rstStream, 1);
    expect(reset?.payload).toEqual(uint32(1));
    // The connection itself goes on.
    await client.send(frame(FrameType.headers, HEADERS, 3, request()));
    expect(await client.until(FrameType.headers, 3)).toBeDefined();
    expect(upstream.requests.length).toBe(1);
  });
}

test("a body that is longer or shorter than its Content-Length is cut off, above and below", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawHttp2.connect(router.port);
  const head = request("/", [["content-length", "3"]], "POST");
  await client.send(frame(FrameType.headers, Flag.endHeaders, 1, head));
  await client.send(frame(FrameType.data, Flag.endStream, 1, utf8("fo")));
  expect((await client.until(FrameType.rstStream, 1))?.payload).toEqual(uint32(1));
  await client.send(frame(FrameType.headers, Flag.endHeaders, 3, head));
  await client.send(frame(FrameType.data, Flag.endStream, 3, utf8("four")));
  expect((await client.until(FrameType.rstStream, 3))?.payload).toEqual(uint32(1));
  await waitFor("the upstream to be rid of both", () => upstream.open === 0);
  expect(upstream.requests.length).toBe(0);
});

test("CONNECT is refused, and the connection goes on", async () => {
  await using router = await startRouter({ dynamic: WHOAMI });
  const answer = await curl(
    `http://app.test:${router.port}/`,
    "--http2-prior-knowledge",
    "-X",
    "CONNECT",
    "--request-target",
    "app.test:80",
  );
  expect(answer.status === 501 || answer.exitCode !== 0).toBe(true);
  expect((await curl(`http://app.test:${router.port}/`, "--http2-prior-knowledge")).status).toBe(
    200,
  );
});

test("a shutdown lets streams finish, tells the client, and takes no more", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfi");
    await connection.readToEnd();
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawHttp2.connect(router.port);
  await client.send(frame(FrameType.headers, HEADERS, 1, request()));
  expect(await client.until(FrameType.data, 1)).toBeDefined();
  router.program.signal("SIGTERM");
  expect(await client.until(FrameType.goAway)).toBeDefined();
  await upstream.connections[0].send("ne");
  const last = await client.until(FrameType.data, 1);
  expect([last?.flags, new TextDecoder().decode(last?.payload)]).toEqual([Flag.endStream, "ne"]);
  expect(await client.goAwayCode()).toBe(0);
  expect(await router.program.exited()).toBe(0);
});

test("a client that opens no window stops the upstream, and gets all once it does", async () => {
  const body = new Uint8Array(8 * 1024 * 1024).map((_, i) => i * 7);
  using upstream = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(body) });
  await using router = await startRouter({
    dynamic: forwardingTo(`http://127.0.0.1:${upstream.port}`),
  });
  using client = await RawHttp2.connect(router.port, [4, 0]);
  const before = router.program.rss();
  for (let stream = 1; stream < 41; stream += 2)
    await client.send(frame(FrameType.headers, HEADERS, stream, request()));
  for (let i = 0; i < 20; i++) expect(await client.until(FrameType.headers)).toBeDefined();
  await Bun.sleep(300);
  expect(router.program.rss() - before).toBeLessThan(80 * 1024 * 1024);
  await client.send(frame(FrameType.windowUpdate, 0, 0, uint32(body.length)));
  await client.send(frame(FrameType.windowUpdate, 0, 7, uint32(body.length)));
  let received = 0;
  let sum = 0;
  while (received < body.length) {
    const data = await client.until(FrameType.data, 7);
    if (data === undefined) break;
    received += data.payload.length;
    sum += data.payload.reduce((total, byte) => total + byte, 0);
  }
  expect(received).toBe(body.length);
  expect(sum).toBe(body.reduce((total, byte) => total + byte, 0));
}, 60_000);

test("a client's reset ends its upstream call; other streams don't notice", async () => {
  using upstream = startUpstream(async (connection) => {
    const got = await connection.request();
    if (got?.target === "/slow") await connection.readToEnd();
    else await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawHttp2.connect(router.port);
  await client.send(frame(FrameType.headers, HEADERS, 1, request("/slow")));
  await waitFor("the slow request", () => upstream.requests.length === 1);
  await client.send(frame(FrameType.rstStream, 0, 1, uint32(8)));
  await client.send(frame(FrameType.headers, HEADERS, 3, request("/quick")));
  expect(await client.until(FrameType.data, 3)).toBeDefined();
  await waitFor("the slow call's end", () => upstream.connections[0].ending !== "open");
});
