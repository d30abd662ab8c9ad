import { expect, test as testAnywhere } from "bun:test";
import { createHash } from "node:crypto";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { FLAVOUR } from "../../support/flavour.ts";
import { patternBytes } from "../../support/http3-client.ts";
import { http3Suite, securely, startHttp3Router } from "../../support/http3-scene.ts";
import { launchProgram } from "../../support/program.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, chunked, echoing, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const { test, startClient } = http3Suite();

const MIB = 1024 * 1024;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

if (FLAVOUR === "deno") {
  testAnywhere("Deno has no HTTP/3: an entrypoint that wants it stops the start", async () => {
    await using program = launchProgram({
      args: ["--entryPoints.web.address=127.0.0.1:0", "--entryPoints.web.http3=true"],
    });
    expect(await program.exited()).toBe(1);
    expect(program.stderr).toContain("entryPoints.web.http3: deno has no HTTP/3");
    await using checked = launchProgram({
      args: ["check", "--configFile=sluice.yml"],
      files: { "sluice.yml": "entryPoints: {web: {address: ':0', http3: {}}}\n" },
    });
    expect(await checked.exited()).toBe(1);
    expect(checked.log).toContain("entryPoints.web.http3: deno has no HTTP/3");
  });
}

test("GET, POST and HEAD: what an HTTP/1.1 upstream gets, and what the client gets", async () => {
  using upstream = startUpstream(
    answering(({ method }) =>
      method === "HEAD"
        ? "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"
        : plain("hello", "203 Fine", [
            "X-Up: a",
            "X-Up: b",
            "Connection: keep-alive, x-hop",
            "X-Hop: 1",
          ]),
    ),
  );
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);

  const got = await connection.ask({ path: "/a%20b?q=1", fields: [["X-Own", "value"]] });
  expect([got.event, got.protocol, got.status, got.body]).toEqual([
    "end",
    "HTTP/3.0",
    203,
    "hello",
  ]);
  expect(got.fields?.["X-Up"]).toEqual(["a", "b"]);
  expect(got.fields?.["Content-Length"]).toEqual(["5"]);
  expect(Object.keys(got.fields ?? {})).not.toContain("Connection");
  expect(Object.keys(got.fields ?? {})).not.toContain("X-Hop");
  const [get] = upstream.requests;
  expect([get.method, get.target, get.header("host")]).toEqual(["GET", "/a%20b?q=1", "app.test"]);
  expect(get.header("x-own")).toBe("value");
  expect(get.header("x-forwarded-for")).toBe("127.0.0.1");
  expect(get.header("x-real-ip")).toBe("127.0.0.1");
  expect(get.header("x-forwarded-proto")).toBe("https");
  expect(get.header("x-forwarded-host")).toBe("app.test");
  expect(get.header("x-forwarded-port")).toBe("443");
  expect(get.header("content-length")).toBeUndefined();
  expect(get.header("transfer-encoding")).toBeUndefined();

  await connection.ask({ method: "POST", body: "with a length" });
  await connection.ask({ method: "POST", body: "without", noLength: true });
  await connection.ask({ method: "PUT" });
  const [, measured, streamed, empty] = upstream.requests;
  expect([measured.text, measured.header("content-length")]).toEqual(["with a length", "13"]);
  expect([streamed.text, streamed.header("transfer-encoding")]).toEqual(["without", "chunked"]);
  expect([empty.method, empty.text]).toEqual(["PUT", ""]);

  const head = await connection.ask({ method: "HEAD" });
  expect([head.status, head.body]).toEqual([200, undefined]);
  expect(head.fields?.["Content-Length"]).toEqual(["1234"]);
  expect(upstream.errors).toEqual([]);
  expect(upstream.received[0]).not.toMatch(/^:/m);
});

test("an authority with a port, and cookies in several fields", async () => {
  using upstream = startUpstream(echoing());
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const answer = await connection.rawHead([
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", "app.test:8443"],
    [":path", "/"],
    ["cookie", "a=1"],
    ["cookie", "b=2"],
    ["te", "trailers"],
  ]);
  expect(answer.status).toBe(200);
  const [request] = upstream.requests;
  expect(request.header("host")).toBe("app.test:8443");
  expect(request.header("cookie")).toBe("a=1; b=2");
  expect(request.header("x-forwarded-port")).toBe("8443");
});

test("trailers both ways, and interim responses", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.send("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
    await connection.send(chunked(["one", "two"], ["X-Sum: 6"], ["Trailer: X-Sum"]));
  });
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const answer = await connection.ask({
    method: "POST",
    body: "body",
    noLength: true,
    trailers: [["X-Checksum", "abc"]],
  });
  expect([answer.status, answer.body, answer.interim]).toEqual([
    200,
    "onetwo",
    ["103 </style.css>"],
  ]);
  expect(answer.trailers).toEqual({ "X-Sum": ["6"] });
  expect(upstream.requests[0].text).toBe("body");
  expect(upstream.requests[0].trailers).toEqual([["x-checksum", "abc"]]);
});

test("an upstream of h2c: bodies and trailers both ways", async () => {
  const seen: string[] = [];
  const server = createServer();
  server.on("stream", (opened, headers) => {
    const stream = opened as ServerHttp2Stream;
    const chunks: Uint8Array[] = [];
    stream.on("error", () => {});
    stream.on("trailers", (trailers) => seen.push(`x-asked=${trailers["x-asked"]}`));
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    stream.on("end", () => {
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.respond({ "x-proto": "h2" }, { waitForTrailers: true });
      stream.end(`${headers[":method"]} ${headers[":authority"]} ${Buffer.concat(chunks)}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await using router = await startHttp3Router({ dynamic: securely(`h2c://127.0.0.1:${port}`) });
    await using client = startClient();
    const connection = await client.connect(router.port);
    const answer = await connection.ask({
      method: "POST",
      body: "call",
      noLength: true,
      trailers: [["X-Asked", "yes"]],
    });
    expect([answer.status, answer.body]).toEqual([200, "POST app.test call"]);
    expect(answer.trailers).toEqual({ "Grpc-Status": ["0"] });
    expect(seen).toEqual(["x-asked=yes"]);
    // The trailers are never taken for a part of the body.
    expect(await connection.load(2000, 100)).toEqual({ "200 with 13 bytes": 2000 });
  } finally {
    server.close();
  }
});

test("large bodies cross whole, several at a time, up and down", async () => {
  const size = 12 * MIB;
  const download = patternBytes(size);
  const expected = sha256(download);
  using upstream = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    maxRequestBodySize: 64 * MIB,
    fetch: async (request) =>
      request.method === "GET"
        ? new Response(download)
        : new Response(sha256(await request.bytes())),
  });
  await using router = await startHttp3Router({
    dynamic: securely(`http://127.0.0.1:${upstream.port}`),
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const calls = [0, 1, 2].flatMap(() => [
    connection.ask(),
    connection.ask({ method: "POST", size }),
    connection.ask({ method: "POST", size, noLength: true }),
  ]);
  for (const [i, answer] of (await Promise.all(calls)).entries()) {
    expect([answer.event, answer.status]).toEqual(["end", 200]);
    expect(i % 3 === 0 ? answer.sha256 : answer.body).toBe(expected);
    if (i % 3 === 0) expect(answer.length).toBe(size);
  }
});

test("a client that takes nothing stops the upstream, and gets all once it does", async () => {
  const size = 48 * MIB;
  const body = patternBytes(size);
  let taken = 0;
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    for (; taken < size; taken += MIB) await connection.send(body.subarray(taken, taken + MIB));
  });
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const before = router.program.rss();
  const call = connection.send({ holdResponse: true });
  expect((await call.head()).status).toBe(200);
  // The sockets' own buffers take some megabytes; what comes behind them waits.
  let last = -1;
  await waitFor("the upstream to stand still", async () => {
    const still = taken === last;
    last = taken;
    await Bun.sleep(300);
    return still && taken === last;
  });
  expect(taken).toBeLessThan(size - 8 * MIB);
  expect(router.program.rss() - before).toBeLessThan(32 * MIB);
  call.proceed();
  const answer = await call.answer();
  expect([answer.length, answer.sha256]).toEqual([size, sha256(body)]);
});

test("an upstream that takes its time gets all of a body that the client sent at once", async () => {
  const size = 48 * MIB;
  const gate = Promise.withResolvers<void>();
  using upstream = startUpstream(async (connection) => {
    await connection.readUntil("\r\n\r\n");
    connection.pause();
    await gate.promise;
    connection.resume();
    await waitFor("all of the body", () => {
      void connection.waiting;
      return connection.received.length >= size;
    });
    await connection.send(plain(sha256(connection.received.subarray(-size))));
  });
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const call = connection.send({ method: "POST", size });
  await upstream.connection(0);
  await Bun.sleep(500);
  gate.resolve();
  const answer = await call.answer();
  expect([answer.status, answer.body]).toEqual([200, sha256(patternBytes(size))]);
});

test("what waits of a body has a limit: the client is told, and the rest goes on", async () => {
  const upstream = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.pause(), data() {} },
  });
  await using router = await startHttp3Router({
    dynamic: securely(`http://127.0.0.1:${upstream.port}`),
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const before = router.program.rss();
  const calls = [1, 2, 3].map(() => connection.send({ method: "POST", size: 300 * MIB }));
  for (const call of calls) expect((await call.answer()).status).toBe(413);
  expect(router.program.rss() - before).toBeLessThan(400 * MIB);
  const small = connection.send({ method: "POST", size: MIB });
  await Bun.sleep(200);
  expect(small.over).toBe(false);
  upstream.stop(true);
  expect((await small.answer()).status).toBe(502);
});

test("an upstream that answers before it has the body: the client gets all of the answer", async () => {
  const body = patternBytes(4 * MIB);
  using upstream = startUpstream(async (connection) => {
    await connection.readUntil("\r\n\r\n");
    await connection.send(plain(body, "403 No"));
    await connection.ended();
  });
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);
  for (const request of [
    { body: "part", holdBody: true, rest: "never" },
    { body: "part", holdBody: true, noLength: true },
    { size: 20 * MIB, holdResponse: true },
  ]) {
    const call = connection.send({ method: "POST", ...request });
    expect((await call.head()).status).toBe(403);
    if ("holdResponse" in request) call.proceed();
    const answer = await call.answer();
    expect([answer.event, answer.sha256]).toEqual(["end", sha256(body)]);
  }
  expect((await connection.ask()).status).toBe(403);
});

test("many requests at a time, on one connection and on several", async () => {
  using upstream = startUpstream(echoing());
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connections = await Promise.all([1, 2, 3, 4].map(() => client.connect(router.port)));
  const outcomes = await Promise.all(
    connections.map((connection) =>
      connection.load(1000, 100, { method: "POST", size: 5000, path: "/x" }),
    ),
  );
  for (const outcome of outcomes) {
    const [[how, count], ...others] = Object.entries(outcome);
    expect(others).toEqual([]);
    expect(how).toMatch(/^200 with \d+ bytes$/);
    expect(count).toBe(1000);
  }
  expect(upstream.requests.length).toBe(4000);
  expect(upstream.errors).toEqual([]);
});

test("the access log's line", async () => {
  using upstream = startUpstream(answering(() => plain("hello")));
  await using router = await startHttp3Router({
    dynamic: securely(upstream.url),
    static: "accessLog: {format: json}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  await connection.ask({ method: "POST", path: "/logged", body: "four" });
  await router.program.logged('"RequestPath":"/logged"');
  const line = router.program.stdout.split("\n").find((text) => text.includes("/logged"))!;
  expect(JSON.parse(line)).toMatchObject({
    ClientHost: "127.0.0.1",
    DownstreamContentSize: 5,
    DownstreamStatus: 200,
    OriginStatus: 200,
    RequestAddr: "app.test",
    RequestContentSize: 4,
    RequestHost: "app.test",
    RequestMethod: "POST",
    RequestPath: "/logged",
    RequestProtocol: "HTTP/3.0",
    RequestScheme: "https",
    RouterName: "all@file",
    ServiceName: "backend@file",
    TLSVersion: "1.3",
    entryPointName: "web",
  });
  expect(JSON.parse(line).TLSCipher).toMatch(/^TLS_(AES|CHACHA20)/);
});
