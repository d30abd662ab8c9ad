import { expect, test } from "bun:test";
import { getUntil } from "../../support/http/get.ts";
import { Http2Answers } from "../../support/http/http2-answers.ts";
import { Flag, FrameType, frame, RawHttp2, request } from "../../support/http/raw-http2.ts";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor, within } from "../../support/wait-for.ts";

const WHOLE = Flag.endHeaders | Flag.endStream;
const FAST = "  providersThrottleDuration: 0s\n";
const REFUSED = 7;
const AT_ONCE = 8;

/** Keeps some streams of one connection busy until told to stop; every answer, or how it ended. */
async function load(port: number, stopped: () => boolean): Promise<string[]> {
  using client = await RawHttp2.connect(port);
  const answers = new Http2Answers(client);
  const found: string[] = [];
  let stream = -1;
  const ask = () => {
    stream += 2;
    client.offer(frame(FrameType.headers, WHOLE, stream, request("/")));
    return stream;
  };
  const open: number[] = [];
  while (open.length < AT_ONCE) open.push(ask());
  for (let first = open.shift(); first !== undefined; first = open.shift()) {
    const { status, text, end } = await answers.of(first).catch(() => answers.at(first));
    found.push(end === "clean" ? `${status} ${text}` : String(end));
    if (!stopped() && client.ending === "open" && answers.goAways.length === 0) open.push(ask());
  }
  return found;
}

test("100 reloads under HTTP/2 load, h2c to the upstreams and plain: nothing fails, connections stay", async () => {
  using upstream = startUpstream(answering(plain("there")));
  await using back = await startRouter({ dynamic: forwardingTo(upstream.url) });
  await using router = await startRouter({ static: FAST, dynamic: "http: {}" });
  const dynamic = (n: number) =>
    `${forwardingTo(`h2c://127.0.0.1:${back.port}`)}
  middlewares: {m: {headers: {customResponseHeaders: {X-Version: "${n}"}}}}`.replace(
      "      service: backend",
      "      service: backend\n      middlewares: [m]",
    );
  const reload = async (n: number) => {
    await router.reconfigure(dynamic(n));
    await getUntil(router.port, "/", ({ status, header }) => {
      return status === 200 && header("x-version") === String(n);
    });
  };
  await reload(0);
  let done = false;
  const clients = Array.from({ length: 4 }, () => load(router.port, () => done));
  for (let n = 1; n <= 100; n++) await reload(n);
  done = true;
  const found = (await within("the clients to end", Promise.all(clients))).flat();
  expect(found.filter((answer) => answer !== "200 there")).toEqual([]);
  expect(found.length).toBeGreaterThan(500);
  expect(upstream.errors).toEqual([]);
}, 60_000);

test("a shutdown under HTTP/2 load: whatever was begun is answered, the rest is refused as not looked at", async () => {
  using upstream = startUpstream(async (connection) => {
    for (;;) {
      if ((await connection.request()) === undefined) return connection.close();
      await Bun.sleep(20);
      await connection.send(plain("there"));
    }
  });
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  const clients = Array.from({ length: 8 }, () => load(router.port, () => false));
  await waitFor("load", () => upstream.requests.length > 200);
  router.program.signal("SIGTERM");
  const found = (await within("the clients to end", Promise.all(clients))).flat();
  const bad = found.filter((answer) => answer !== "200 there" && answer !== String(REFUSED));
  expect(bad).toEqual([]);
  expect(found.filter((answer) => answer === "200 there").length).toBe(upstream.requests.length);
  expect(await router.program.exited()).toBe(0);
}, 60_000);

test("what isn't finished within the graceTimeOut is cut, above and below", async () => {
  using upstream = startUpstream(async (connection) => {
    await connection.request();
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
  });
  await using router = await startRouter({
    dynamic: forwardingTo(upstream.url),
    web: "    transport: { lifeCycle: { graceTimeOut: 500ms } }",
  });
  using client = await RawHttp2.connect(router.port);
  const answers = new Http2Answers(client);
  await client.send(frame(FrameType.headers, WHOLE, 1, request("/")));
  await answers.until(1, ({ text }) => text === "part");
  router.program.signal("SIGTERM");
  const { end, text } = await answers.of(1);
  expect([text, end]).toEqual(["part", "gone"]);
  expect(answers.goAways).toEqual([0]);
  await router.program.exited();
  expect(await upstream.connections[0].ended()).not.toBe("open");
});
