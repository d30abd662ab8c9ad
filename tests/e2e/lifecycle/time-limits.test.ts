import { describe, expect, test } from "bun:test";
import { forwardingTo, type Router, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

// A busy machine makes everything late: of several tries the best one tells what the router does.
const TRIES = 6;
const LATE = 30;

/** The least time that `run` reports, in milliseconds; none may be early. */
async function best(limit: number, run: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < TRIES; i++) {
    const time = await run();
    expect(time).toBeGreaterThan(limit - 5);
    times.push(time);
  }
  return Math.min(...times);
}

const limited = (respondingTimeouts: string) =>
  startRouter({
    dynamic: 'http: {routers: {all: {rule: "PathPrefix(`/`)", service: whoami@internal}}}',
    web: `    transport: {respondingTimeouts: {${respondingTimeouts}}}`,
  });

/** How long a connection stays open behind `bytes`, and what comes back. */
async function lifetime(router: Router, bytes: string): Promise<[time: number, answer: string]> {
  using client = await RawClient.connect(router.port);
  const start = performance.now();
  if (bytes !== "") await client.send(bytes);
  const answer = await client.readToEnd();
  return [performance.now() - start, answer];
}

describe("limits of less than a second", () => {
  test("readTimeout: for a connection without a request, a partial head and a partial body", async () => {
    using upstream = startUpstream(async (connection) => {
      await connection.request();
    });
    await using router = await startRouter({
      dynamic: forwardingTo(upstream.url),
      web: "    transport: {respondingTimeouts: {readTimeout: 200ms}}",
    });
    const cases = [
      ["", ""],
      ["GET / HTTP/1.1\r\nHost: a", "HTTP/1.1 408 Request Timeout\r\n"],
      [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
        "HTTP/1.1 408 Request Timeout\r\n",
      ],
    ];
    for (const [bytes, expected] of cases) {
      const time = await best(200, async () => {
        const [taken, answer] = await lifetime(router, bytes);
        expect(answer.slice(0, answer.indexOf("\n") + 1)).toBe(expected);
        return taken;
      });
      expect(time).toBeLessThan(200 + LATE);
    }
  });

  test("idleTimeout: behind a response", async () => {
    await using router = await limited("idleTimeout: 150ms");
    const time = await best(150, async () => {
      using client = await RawClient.connect(router.port);
      await client.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const start = performance.now();
      await client.ended();
      return performance.now() - start;
    });
    expect(time).toBeLessThan(150 + LATE);
  });

  test("idleConnTimeout: of a pooled connection to a server", async () => {
    using upstream = startUpstream(answering(() => plain("ok")));
    await using router = await startRouter({
      dynamic: forwardingTo(upstream.url),
      static: "serversTransport: {forwardingTimeouts: {idleConnTimeout: 75ms}}\n",
    });
    const time = await best(75, async () => {
      using client = await RawClient.connect(router.port);
      await client.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const start = performance.now();
      await waitFor("the pool to close its connection", () => upstream.open === 0 || undefined);
      return performance.now() - start;
    });
    expect(time).toBeLessThan(75 + LATE + 20);
  });

  test("responseHeaderTimeout: 504", async () => {
    using upstream = startUpstream(async (connection) => {
      await connection.request();
    });
    await using router = await startRouter({
      dynamic: forwardingTo(upstream.url),
      static: "serversTransport: {forwardingTimeouts: {responseHeaderTimeout: 120ms}}\n",
    });
    const time = await best(120, async () => {
      using client = await RawClient.connect(router.port);
      const start = performance.now();
      expect((await client.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).status).toBe(504);
      return performance.now() - start;
    });
    expect(time).toBeLessThan(120 + LATE);
  });
});
