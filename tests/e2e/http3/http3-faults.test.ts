import { expect } from "bun:test";
import { patternBytes } from "../../support/http3-client.ts";
import { http3Suite, securely, startHttp3Router } from "../../support/http3-scene.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { UdpPeer } from "../../support/sockets/udp-peer.ts";
import { answering, echoing, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const { test, startClient } = http3Suite();

/** RFC 9114 section 8.1. */
const INTERNAL_ERROR = 0x102;
const MIB = 1024 * 1024;

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

test("writeTimeout: a response whose client takes its time is cut, idleTimeout or not", async () => {
  using upstream = startUpstream(answering(plain(patternBytes(4 * MIB))));
  await using router = await startHttp3Router({
    dynamic: securely(upstream.url),
    web: "    transport: {respondingTimeouts: {writeTimeout: 1s}}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const call = connection.send({ holdResponse: true });
  await call.head();
  await Bun.sleep(2500);
  call.proceed();
  expect((await call.answer()).event).toBe("failed");
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
