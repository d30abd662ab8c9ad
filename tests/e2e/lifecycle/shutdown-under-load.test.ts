import { expect, test } from "bun:test";
import { Flag, FrameType, frame, RawHttp2, request } from "../../support/http/raw-http2.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";

const GET = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
const HEADERS = Flag.endHeaders | Flag.endStream;
/** `:status: 200` in a header block. */
const OK = 0x88;
const ROUNDS = 3;
/** Of each kind. */
const CLIENTS = 3;

/** Asks until an answer says that it is the last; what went wrong, if anything. */
type Client = (answered: () => void) => Promise<string | null>;

function http1(connect: () => Promise<RawClient>): Client {
  return async (answered) => {
    const client = await connect();
    try {
      for (;;) {
        const answer = await client.request(GET);
        answered();
        if (answer.status !== 200) return `status ${answer.status}`;
        if (answer.header("connection") === "close") return null;
      }
    } catch (error) {
      return `HTTP/1.1: ${(error as Error).message}`;
    } finally {
      client.reset();
    }
  };
}

/**
 * Has four streams open at once until it hears GOAWAY. Like a client with several threads it sends one more request
 * just behind the answer to the PING that follows.
 */
function http2(connect: () => Promise<RawHttp2>): Client {
  return async (answered) => {
    using client = await connect();
    const open = new Set<number>();
    let next = 1;
    let leaving = false;
    const ask = () => {
      client.offer(frame(FrameType.headers, HEADERS, next, request()));
      open.add(next);
      next += 2;
    };
    for (let i = 0; i < 4; i++) ask();
    for (;;) {
      const found = await client.frame();
      if (found === undefined) break;
      const { type, flags, stream, payload } = found;
      if (type === FrameType.goAway) {
        leaving = true;
      } else if (type === FrameType.rstStream) {
        return `stream ${stream} was reset`;
      } else if (type === FrameType.ping && (flags & Flag.ack) === 0) {
        client.offer(frame(FrameType.ping, Flag.ack, 0, payload));
        ask();
      } else if (type === FrameType.headers && payload[0] !== OK) {
        return `a head that begins with ${payload[0]}`;
      }
      const ends = type === FrameType.headers || type === FrameType.data;
      if (!ends || (flags & Flag.endStream) === 0) continue;
      open.delete(stream);
      answered();
      if (!leaving) ask();
    }
    if (!leaving) return "HTTP/2: the end without a GOAWAY";
    return open.size === 0 ? null : `HTTP/2: ${open.size} requests without an answer`;
  };
}

for (const workers of [1, 2]) {
  test(`SIGTERM under load: no request of a connection that is kept alive is dropped, with ${workers} workers`, async () => {
    const failures: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const secure = await freePort();
      await using router = await startRouter({
        workers,
        entryPoints: { secure: [secure, "    http: { tls: {} }"] },
        dynamic: "http: {routers: {all: {rule: PathPrefix(`/`), service: whoami@internal}}}",
      });
      const kinds = [
        http1(() => RawClient.connect(router.port)),
        http1(() => RawClient.connectTls(secure)),
        http2(() => RawHttp2.connect(router.port, [4, 1_000_000_000])),
        http2(() => RawHttp2.connectTls(secure, { serverName: "app.test" })),
      ];
      const answers = kinds.map(() => 0);
      const clients = kinds.flatMap((kind, i) =>
        Array.from({ length: CLIENTS }, () => kind(() => answers[i]++)),
      );
      while (answers.some((count) => count < 50)) await Bun.sleep(1);
      router.program.signal("SIGTERM");
      for (const outcome of await Promise.all(clients)) {
        if (outcome !== null) failures.push(outcome);
      }
      expect(await router.program.exited()).toBe(0);
    }
    expect(failures).toEqual([]);
  }, 120_000);
}
