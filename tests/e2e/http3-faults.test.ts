import { expect } from "bun:test";
import { freePort } from "../support/free-port.ts";
import { type Field, patternBytes } from "../support/http3-client.ts";
import { http3Files, http3Suite, securely, startHttp3Router } from "../support/http3-scene.ts";
import { startProgram } from "../support/program.ts";
import { startUpstream } from "../support/recording-upstream.ts";
import { UdpPeer } from "../support/udp-peer.ts";
import { answering, echoing, plain } from "../support/upstream-scripts.ts";
import { waitFor } from "../support/wait-for.ts";

const { test, startClient } = http3Suite();

/** RFC 9114 section 8.1. */
const INTERNAL_ERROR = 0x102;
const MESSAGE_ERROR = 0x10e;
/** RFC 9204 section 6. */
const DECOMPRESSION_FAILED = 0x200;
const MIB = 1024 * 1024;

const WHOAMI = JSON.stringify({
  http: { routers: { all: { rule: "PathPrefix(`/`)", service: "whoami@internal", tls: {} } } },
});

function head(...more: Field[]): Field[] {
  return [
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", "app.test"],
    [":path", "/"],
    ...more,
  ];
}

const without = (name: string) => head().filter(([other]) => other !== name);
const withPath = (path: string): Field[] => [...without(":path"), [":path", path]];

const MALFORMED: Record<string, Field[]> = {
  "no :method": without(":method"),
  "no :scheme": without(":scheme"),
  "no :path": without(":path"),
  "no :authority and no Host": without(":authority"),
  "two :path": head([":path", "/other"]),
  "a pseudo-header behind a regular one": [...without(":path"), ["x-a", "1"], [":path", "/"]],
  "an unknown pseudo-header": head([":protocol", "websocket"]),
  ":status": head([":status", "200"]),
  "an upper-case name": head(["X-Upper", "1"]),
  connection: head(["connection", "close"]),
  "keep-alive": head(["keep-alive", "timeout=5"]),
  "proxy-connection": head(["proxy-connection", "close"]),
  "transfer-encoding": head(["transfer-encoding", "chunked"]),
  upgrade: head(["upgrade", "websocket"]),
  "te beyond trailers": head(["te", "gzip"]),
  "a line feed in a value": head(["x-a", "1\r\nx-b: 2"]),
  "a NUL in a value": head(["x-a", "1\0"]),
  "a colon in a name": head(["x:a", "1"]),
  "a path with a space": withPath("/a b"),
  "a path with a line feed": withPath("/a\r\nx: y"),
  "an empty path": withPath(""),
  "a path that is none": withPath("foo"),
  "a method with a space": [...without(":method"), [":method", "GET / HTTP/1.1\r\nx:"]],
  "another host": head(["host", "other.test"]),
  "an authority with a user": [...without(":authority"), [":authority", "user@app.test"]],
  "two lengths": head(["content-length", "0"], ["content-length", "0"]),
  "a length that is none": head(["content-length", "+1"]),
  "CONNECT with a path": [...without(":method"), [":method", "CONNECT"]],
};

test("malformed requests reach nobody, and the others go on", async () => {
  using upstream = startUpstream(answering(plain("ok")));
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  let connection = await client.connect(router.port);
  const ended: string[] = [];
  for (const [what, fields] of Object.entries(MALFORMED)) {
    const answer = await connection.rawHead(fields);
    expect([what, answer.event, answer.code]).toEqual([what, "failed", MESSAGE_ERROR]);
    if (!answer.error?.includes("Application error")) continue;
    ended.push(what);
    connection = await client.connect(router.port);
  }
  // These are the runtime's to refuse, and with them their connections.
  expect(ended).toEqual(["a NUL in a value", "a length that is none"]);
  const other = await client.connect(router.port);
  expect((await other.rawHead(head(["", "1"]))).code).toBe(DECOMPRESSION_FAILED);
  expect(upstream.connections.length).toBe(0);
  expect((await connection.rawHead(head())).status).toBe(200);
  expect(upstream.requests.length).toBe(1);
});

test("a body that is longer or shorter than its Content-Length is cut off, above and below", async () => {
  using upstream = startUpstream(answering(plain("ok")));
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const good = await client.connect(router.port);
  const post: Field[] = [[":method", "POST"], ...without(":method")];
  for (const [length, text] of [
    ["3", "fo"],
    ["3", "four"],
    ["0", "x"],
    ["5", ""],
  ]) {
    const frames = [
      { type: 1, fields: [...post, ["content-length", length] as const] },
      { type: 0, text },
    ];
    // The runtime ends the whole connection for it.
    const connection = await client.connect(router.port);
    const answer = await connection.raw(frames).answer();
    expect([text, answer.event, answer.code]).toEqual([text, "failed", MESSAGE_ERROR]);
  }
  await waitFor("the upstream to be rid of them", () => upstream.open === 0);
  expect(upstream.requests.length).toBe(0);
  expect((await good.ask()).status).toBe(200);
});

test("CONNECT is not implemented; frames out of place end the connection and nothing else", async () => {
  await using router = await startHttp3Router({ dynamic: WHOAMI });
  await using client = startClient();
  const good = await client.connect(router.port);
  const tunnel = await good.rawHead([
    [":method", "CONNECT"],
    [":authority", "app.test:80"],
  ]);
  expect(tunnel.status).toBe(501);
  for (const frames of [
    [{ type: 0, text: "data first" }],
    [{ type: 4, text: "" }],
    [{ type: 7, text: "\0" }],
    [{ type: 1, text: "\xff\xff\xff\xff\xff\xff" }],
  ]) {
    const bad = await client.connect(router.port);
    const answer = await bad.raw(frames).answer();
    expect([JSON.stringify(frames), answer.event]).toEqual([JSON.stringify(frames), "failed"]);
  }
  expect((await good.ask()).status).toBe(200);
});

test("a head larger than maxHeaderBytes is 431, and far beyond it nobody hears of it", async () => {
  using upstream = startUpstream(answering(plain("ok")));
  await using router = await startHttp3Router({
    dynamic: securely(upstream.url),
    web: "    http: {maxHeaderBytes: 8192}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const withField = (length: number) =>
    connection.ask({ fields: [["X-Large", "x".repeat(length)]] });
  expect((await withField(7000)).status).toBe(200);
  expect((await withField(9000)).status).toBe(431);
  const fields = Array.from({ length: 2000 }, (_, i) => [`x-${i}`, ""] as const);
  const many = await connection.rawHead(head(...fields));
  expect(many.status ?? many.event).not.toBe(200);
  const other = await client.connect(router.port);
  const huge = await other.ask({ fields: [["X-Huge", "x".repeat(500_000)]] });
  expect(huge.status ?? huge.event).not.toBe(200);
  expect(upstream.requests.length).toBe(1);
  expect((await (await client.connect(router.port)).ask()).status).toBe(200);
});

test("maxConcurrentStreams: what is above it waits, and all are answered", async () => {
  const gate = Promise.withResolvers<void>();
  using upstream = startUpstream(async (connection) => {
    while (await connection.request()) {
      await gate.promise;
      await connection.send(plain("ok"));
    }
  });
  await using router = await startHttp3Router({
    dynamic: securely(upstream.url),
    web: "    http2: {maxConcurrentStreams: 3}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const calls = Array.from({ length: 12 }, () => connection.send());
  await waitFor("the first three", () => upstream.requests.length === 3);
  await Bun.sleep(300);
  expect(upstream.requests.length).toBe(3);
  gate.resolve();
  for (const call of calls) expect((await call.answer()).status).toBe(200);
  expect(upstream.requests.length).toBe(12);
});

test("a client that cancels ends its upstream call; others don't notice", async () => {
  using upstream = startUpstream(async (connection) => {
    const request = await connection.request();
    if (request?.target === "/quick") await connection.send(plain("ok"));
    if (request?.target === "/half") {
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    }
    await connection.ended();
  });
  await using router = await startHttp3Router({
    dynamic: securely(upstream.url),
    static: "accessLog: {}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const slow = connection.send({ path: "/slow" });
  await waitFor("the slow request", () => upstream.requests.length === 1);
  const half = connection.send({ path: "/half" });
  expect((await half.head()).status).toBe(200);
  slow.cancel();
  half.cancel();
  await waitFor("both calls to end", () => upstream.open === 0);
  expect((await connection.ask({ path: "/quick" })).body).toBe("ok");
  await router.program.logged(/"GET \/slow HTTP\/3\.0" 499 /);
});

test("an upload that breaks off never looks complete to the upstream", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.ended();
  });
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  for (const request of [
    { body: "some", noLength: true, trailers: [["X-Sum", "1"] as const] },
    { body: "some" },
    { size: MIB, noLength: true },
  ]) {
    const connection = await client.connect(router.port);
    const { length } = upstream.connections;
    const cancelled = connection.send({ method: "POST", holdBody: true, rest: "rest", ...request });
    const received = await upstream.connection(length);
    await waitFor("the body's beginning", () => {
      void received.waiting;
      return received.received.length > 100;
    });
    cancelled.cancel();
    await received.ended();
    expect(connection.over).toBe(false);
  }
  // The connection itself goes: its client is killed.
  const { length } = upstream.connections;
  {
    await using dying = startClient();
    const connection = await dying.connect(router.port);
    connection.send({ method: "POST", body: "some", noLength: true, holdBody: true, rest: "x" });
    await upstream.connection(length);
    connection.close();
    await (await upstream.connection(length)).ended();
  }
  expect(upstream.requests.length).toBe(0);
  for (const text of upstream.received) expect(text).not.toEndWith("0\r\n\r\n");
});

test("a response that breaks off never looks complete to the client", async () => {
  using upstream = startUpstream(async (connection) => {
    const request = await connection.request();
    const framing =
      request?.target === "/chunked" ? "Transfer-Encoding: chunked" : "Content-Length: 100";
    await connection.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n4\r\nhalf\r\n`);
    await Bun.sleep(50);
    if (request?.target === "/reset") connection.reset();
    else connection.close();
  });
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);
  for (const path of ["/chunked", "/length", "/reset"]) {
    const answer = await connection.ask({ path });
    expect([path, answer.status, answer.event]).toEqual([path, 200, "failed"]);
    expect(answer.code).toBe(INTERNAL_ERROR);
  }
  expect(connection.over).toBe(false);
});

test("readTimeout: a body that doesn't come is 408; writeTimeout: an answer that doesn't come is 504", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.ended();
  });
  await using router = await startHttp3Router({
    dynamic: securely(upstream.url),
    web: "    transport: {respondingTimeouts: {readTimeout: 500ms, writeTimeout: 500ms}}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const stuck = await connection.ask({ method: "POST", body: "x", holdBody: true, rest: "y" });
  expect(stuck.status).toBe(408);
  expect((await connection.ask()).status).toBe(504);
});

test("idleTimeout closes a connection on which nothing happens", async () => {
  await using router = await startHttp3Router({
    dynamic: WHOAMI,
    web: "    transport: {respondingTimeouts: {idleTimeout: 1s}}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  expect((await connection.ask()).status).toBe(200);
  await connection.closed();
  const silent = await client.connect(router.port);
  await silent.closed();
});

test("keepAliveMaxRequests: a connection ends behind its last request", async () => {
  await using router = await startHttp3Router({
    dynamic: WHOAMI,
    web: "    transport: {keepAliveMaxRequests: 3}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  for (let i = 0; i < 3; i++) expect((await connection.ask()).status).toBe(200);
  expect((await connection.ask()).event).toBe("failed");
  await connection.closed();
  expect((await (await client.connect(router.port)).ask()).status).toBe(200);
});

test("SIGTERM: what is in flight finishes, up and down, idle connections close, new ones are not taken", async () => {
  const gate = Promise.withResolvers<void>();
  const body = patternBytes(2 * MIB);
  using upstream = startUpstream(async (connection) => {
    const request = await connection.request();
    await gate.promise;
    await connection.send(request?.method === "POST" ? plain(request.text) : plain(body));
  });
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const idle = await client.connect(router.port);
  const busy = await client.connect(router.port);
  const download = busy.send();
  await waitFor("the download to be asked for", () => upstream.requests.length === 1);
  const upload = busy.send({ method: "POST", body: "be", holdBody: true, rest: "gun" });
  await upstream.connection(1);
  router.program.signal("SIGTERM");
  await idle.closed();
  expect((await busy.ask()).event).toBe("failed");
  expect(router.program.exitCode).toBeNull();
  upload.proceed();
  await waitFor("the upload", () => upstream.requests.length === 2);
  gate.resolve();
  const downloaded = await download.answer();
  expect([downloaded.event, downloaded.length]).toEqual(["end", body.length]);
  expect((await upload.answer()).body).toBe("begun");
  expect(await router.program.exited()).toBe(0);
});

test("graceTimeOut cuts what doesn't finish", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.ended();
  });
  await using router = await startHttp3Router({
    dynamic: securely(upstream.url),
    web: "    transport: {lifeCycle: {graceTimeOut: 300ms}}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const call = connection.send();
  await waitFor("the request", () => upstream.requests.length === 1);
  expect(await router.program.stop()).toBe(0);
  expect((await call.answer()).event).toBe("failed");
});

test("a router that is killed and started again on its port serves new connections", async () => {
  const port = await freePort();
  const start = () =>
    startProgram({
      args: [
        `--entryPoints.web.address=127.0.0.1:${port}`,
        "--entryPoints.web.http3=true",
        "--providers.file.filename=dynamic.yml",
      ],
      files: { "dynamic.yml": WHOAMI, ...http3Files() },
      ports: [port],
    });
  await using client = startClient();
  for (const ending of ["SIGTERM", "SIGKILL", "SIGTERM"]) {
    const program = await start();
    const connection = await client.connect(port);
    expect((await connection.ask()).status).toBe(200);
    if (ending === "SIGTERM") {
      expect(await program.stop()).toBe(0);
      await connection.closed();
    }
    await program[Symbol.asyncDispose]();
  }
});

test("a UDP port in use stops the start with a clear error", async () => {
  using taken = await UdpPeer.bind();
  const program = await startProgram({
    args: [`--entryPoints.web.address=127.0.0.1:${taken.port}`, "--entryPoints.web.http3=true"],
  });
  await using _ = program;
  expect(await program.exited()).toBe(1);
  expect(program.stderr).toContain("EADDRINUSE");
  expect(program.stderr).toContain(String(taken.port));
});

test("a flood of garbage from many ports costs nobody their connection", async () => {
  using upstream = startUpstream(echoing());
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const load = connection.load(500, 10);
  const peers = await Promise.all(Array.from({ length: 40 }, () => UdpPeer.bind()));
  for (let round = 0; round < 50; round++) {
    for (const peer of peers) peer.send(garbage(round), router.port);
    await Bun.sleep(2);
  }
  for (const peer of peers) peer[Symbol.dispose]();
  const outcomes = Object.entries(await load);
  expect(outcomes.length).toBe(1);
  expect(outcomes[0][0]).toStartWith("200 ");
  expect(outcomes[0][1]).toBe(500);
  expect((await (await client.connect(router.port)).ask()).status).toBe(200);
  expect(router.program.exitCode).toBeNull();
});

/** Noise, empty and short datagrams, and what looks like QUIC's first packets of several versions. */
function garbage(round: number): Uint8Array {
  const sizes = [0, 1, 20, 50, 1200, 1452, 9000];
  const bytes = crypto.getRandomValues(new Uint8Array(sizes[round % sizes.length]));
  if (bytes.length < 20 || round % 2 === 0) return bytes;
  const version = [0, 1, 0x6b3343cf, 0xff00001d, 0x0a0a0a0a][round % 5];
  bytes[0] = 0xc0 | (bytes[0] & 0x3f);
  new DataView(bytes.buffer).setUint32(1, version);
  bytes[5] = 8;
  bytes[14] = 0;
  bytes[15] = 0;
  return bytes;
}
