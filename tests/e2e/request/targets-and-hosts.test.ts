import { expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import { Http2Answers } from "../../support/http/http2-answers.ts";
import { block, Flag, FrameType, frame, RawHttp2 } from "../../support/http/raw-http2.ts";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { exchange } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";

const WHOLE = Flag.endHeaders | Flag.endStream;

/** A router, its upstream, and what an HTTP/1.1 and an HTTP/2 client are answered. */
async function before() {
  const upstream = startUpstream(
    answering(({ target, fields }) => {
      const hosts = fields.filter(([name]) => name.toLowerCase() === "host");
      return plain(`${target} for ${hosts.map(([, value]) => value).join()}`);
    }),
  );
  const router = await startRouter({
    dynamic: forwardingTo(upstream.url),
    static: "accessLog: {}\n",
  });
  return {
    upstream,
    router,
    async http1(bytes: string) {
      const method = bytes.slice(0, bytes.indexOf(" "));
      const { status, text } = await exchange(router.port, Buffer.from(bytes, "latin1"), method);
      return `${status} ${text}`;
    },
    async http2(path: string, fields: [string, string][], method = "GET") {
      const client = await RawHttp2.connect(router.port);
      const answers = new Http2Answers(client);
      const head: [string, string][] = [
        [":method", method],
        [":scheme", "http"],
        [":path", path],
      ];
      await client.send(frame(FrameType.headers, WHOLE, 1, block([...head, ...fields])));
      const { status, text } = await answers.of(1);
      client.reset();
      return `${status} ${text}`;
    },
    async [Symbol.asyncDispose]() {
      await router[Symbol.asyncDispose]();
      upstream.stop();
    },
  };
}

test("a request that names no host is served, and the server gets its own name", async () => {
  await using scene = await before();
  const served = `200 /a for 127.0.0.1:${scene.upstream.port}`;
  expect(await scene.http1("GET /a HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")).toBe(served);
  expect(await scene.http1("GET /a HTTP/1.0\r\nHost:\r\n\r\n")).toBe(served);
  expect(await scene.http1("GET /a HTTP/1.0\r\n\r\n")).toBe(served);
  expect(await scene.http2("/a", [])).toBe(served);
  expect(await scene.http2("/a", [[":authority", ""]])).toBe(served);
  expect(await scene.http2("/a", [["host", ""]])).toBe(served);
  expect(
    await scene.http2("/a", [
      [":authority", ""],
      ["host", "b.test"],
    ]),
  ).toBe("200 /a for b.test");
  expect(
    await scene.http1("GET http://c.test/a HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"),
  ).toBe("200 /a for c.test");
  expect((await scene.http1("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n")).slice(0, 3)).toBe(
    "400",
  );
});

test("other text than ASCII in a target is forwarded percent-encoded, in path and query", async () => {
  await using scene = await before();
  const served = "200 /caf%C3%A9?q=%E9%FF for a";
  const raw = "/caf\xc3\xa9?q=\xe9\xff";
  expect(await scene.http1(`GET ${raw} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).toBe(
    served,
  );
  expect(await scene.http2(raw, [[":authority", "a"]])).toBe(served);
  await scene.router.program.logged('"GET /caf%C3%A9?q=%E9%FF HTTP/1.1" 200');
});

test("OPTIONS * is answered by the router itself, which goes on", async () => {
  await using scene = await before();
  const first = "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n";
  using client = await scene.router.client();
  const answer = await client.request(first, "OPTIONS");
  expect([answer.status, answer.text]).toEqual([200, ""]);
  expect((await client.request("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")).text).toBe("/b for a");
  expect(await scene.http2("*", [[":authority", "a"]], "OPTIONS")).toBe("200 ");
  expect((await get(scene.router.port, "/c")).status).toBe(200);
  expect(scene.upstream.requests.map(({ target }) => target)).toEqual(["/b", "/c"]);
});
