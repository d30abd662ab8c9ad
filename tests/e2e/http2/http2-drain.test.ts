import { expect, test } from "bun:test";
import { Flag, FrameType, frame, RawHttp2, request } from "../../support/http/raw-http2.ts";
import { forwardingTo, type Router, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const WHOAMI = `http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: whoami@internal }
`;
const HEADERS = Flag.endHeaders | Flag.endStream;
const EVERY_STREAM = 0x7fffffff;

/** The highest stream that a GOAWAY frame leaves, and its code. */
async function goAway(client: RawHttp2): Promise<[last: number, code: number]> {
  const { payload } = (await client.until(FrameType.goAway)) as { payload: Uint8Array };
  const view = new DataView(payload.buffer, payload.byteOffset);
  return [view.getUint32(0), view.getUint32(4)];
}

async function idleClient(router: Router): Promise<RawHttp2> {
  const client = await RawHttp2.connect(router.port);
  await client.send(frame(FrameType.headers, HEADERS, 1, request("/")));
  await client.until(FrameType.data, 1);
  return client;
}

test("an idle client's request that crosses the GOAWAY is answered, and so is one just behind its PONG; then it ends", async () => {
  await using router = await startRouter({ dynamic: WHOAMI });
  using client = await idleClient(router);
  router.program.signal("SIGTERM");
  expect(await goAway(client)).toEqual([EVERY_STREAM, 0]);
  const ping = await client.until(FrameType.ping);
  expect(ping?.flags).toBe(0);
  // It was on its way.
  await client.send(frame(FrameType.headers, HEADERS, 3, request("/crossing")));
  const data = await client.until(FrameType.data, 3);
  expect(new TextDecoder().decode(data?.payload)).toContain("GET /crossing HTTP");
  await client.send(frame(FrameType.ping, Flag.ack, 0, ping?.payload));
  // Another thread of the client's wrote it before it heard.
  await client.send(frame(FrameType.headers, HEADERS, 5, request("/behind")));
  expect((await client.until(FrameType.data))?.stream).toBe(5);
  expect(await goAway(client)).toEqual([5, 0]);
  expect(await client.readToEnd()).toBe("");
  client.close();
  expect(await router.program.exited()).toBe(0);
});

test("a client that answers no PING is not waited for", async () => {
  await using router = await startRouter({
    dynamic: WHOAMI,
    web: "    transport: { lifeCycle: { graceTimeOut: 1h } }",
  });
  using client = await idleClient(router);
  router.program.signal("SIGTERM");
  expect(await goAway(client)).toEqual([EVERY_STREAM, 0]);
  expect(await goAway(client)).toEqual([1, 0]);
  expect(await client.readToEnd()).toBe("");
  client.close();
  expect(await router.program.exited()).toBe(0);
});

test("keepAliveMaxRequests: the connection ends likewise, and loses nothing", async () => {
  await using router = await startRouter({
    dynamic: WHOAMI,
    web: "    transport: { keepAliveMaxRequests: 2 }",
  });
  using client = await idleClient(router);
  await client.send(frame(FrameType.headers, HEADERS, 3, request("/last")));
  expect(await goAway(client)).toEqual([EVERY_STREAM, 0]);
  const ping = await client.until(FrameType.ping);
  expect(await client.until(FrameType.data, 3)).toBeDefined();
  await client.send(frame(FrameType.headers, HEADERS, 5, request("/crossing")));
  const data = await client.until(FrameType.data, 5);
  expect(new TextDecoder().decode(data?.payload)).toContain("GET /crossing HTTP");
  await client.send(frame(FrameType.ping, Flag.ack, 0, ping?.payload));
  expect(await goAway(client)).toEqual([5, 0]);
});

test("a client that goes on opening streams: those above the final GOAWAY's are refused, those below are served", async () => {
  const gate = Promise.withResolvers<void>();
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await gate.promise;
    await connection.send(plain("late"));
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  using client = await RawHttp2.connect(router.port);
  await client.send(frame(FrameType.headers, HEADERS, 1, request("/")));
  await waitFor("the request", () => upstream.requests.length === 1);
  router.program.signal("SIGTERM");
  expect(await goAway(client)).toEqual([EVERY_STREAM, 0]);
  const ping = await client.until(FrameType.ping);
  await client.send(frame(FrameType.ping, Flag.ack, 0, ping?.payload));
  expect(await goAway(client)).toEqual([1, 0]);
  await client.send(frame(FrameType.headers, HEADERS, 3, request("/")));
  const refused = await client.until(FrameType.rstStream, 3);
  expect(refused?.payload).toEqual(Uint8Array.of(0, 0, 0, 7));
  gate.resolve();
  const data = await client.until(FrameType.data, 1);
  expect(new TextDecoder().decode(data?.payload)).toBe("late");
  expect(await goAway(client)).toEqual([1, 0]);
  expect(await client.readToEnd()).toBe("");
  client.close();
  expect(await router.program.exited()).toBe(0);
});
