import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { get } from "../../support/http/get.ts";
import { Flag, FrameType, frame, RawHttp2, request } from "../../support/http/raw-http2.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

/** One router and one service for each, by the first part of the path. */
function routes(services: Readonly<Record<string, unknown>>): string {
  const routers = Object.keys(services).map(
    (name) => [name, { rule: `PathPrefix(\`/${name}\`)`, service: name }] as const,
  );
  return JSON.stringify({ http: { routers: Object.fromEntries(routers), services } });
}

const servers = (...urls: string[]) => ({
  loadBalancer: { servers: urls.map((url) => ({ url })) },
});

const log = (router: Router) => readFileSync(`${router.program.directory}/access.log`, "utf8");

const jsonLines = (router: Router, count: number) =>
  waitFor(`${count} lines`, () => {
    const lines = log(router).split("\n").slice(0, -1);
    return lines.length >= count ? lines.map((line) => JSON.parse(line)) : undefined;
  });

describe("what the router answers in a server's place", () => {
  test("is the server's answer for the log: 502, 504, and 499", async () => {
    using silent = startUpstream(async (connection) => {
      await connection.request();
    });
    await using router = await startRouter({
      workers: 1,
      dynamic: routes({
        refused: servers(`http://127.0.0.1:${await freePort()}`),
        late: {
          loadBalancer: { servers: [{ url: silent.url }], serversTransport: "hurried" },
        },
        left: servers(silent.url),
      }).replace(
        '"services"',
        '"serversTransports":{"hurried":{"forwardingTimeouts":{"responseHeaderTimeout":"100ms"}}},"services"',
      ),
      static: "accessLog: {filePath: access.log, format: json}\n",
    });
    expect((await get(router.port, "/refused")).status).toBe(502);
    expect((await get(router.port, "/late")).status).toBe(504);
    const client = await router.client();
    await client.send("GET /left HTTP/1.1\r\nHost: a.test\r\n\r\n");
    await waitFor("the request to arrive", () => silent.connections.length === 2 || undefined);
    client.reset();
    const [refused, late, left] = await jsonLines(router, 3);
    expect(refused).toMatchObject({
      DownstreamStatus: 502,
      OriginStatus: 502,
      OriginContentSize: "Bad Gateway".length,
      DownstreamContentSize: "Bad Gateway".length,
    });
    expect(late).toMatchObject({
      DownstreamStatus: 504,
      OriginStatus: 504,
      OriginContentSize: "Gateway Timeout".length,
    });
    expect(left).toMatchObject({
      DownstreamStatus: 499,
      OriginStatus: 499,
      OriginContentSize: "Client Closed Request".length,
      DownstreamContentSize: 0,
    });
    expect(refused).not.toHaveProperty("GzipRatio");
  });
});

test("the address of an IPv6 server has its brackets", async () => {
  const port = await freePort();
  await using router = await startRouter({
    workers: 1,
    dynamic: routes({ six: servers(`http://[::1]:${port}`) }),
    static: "accessLog: {filePath: access.log, format: json}\n",
  });
  await get(router.port, "/six");
  const [line] = await jsonLines(router, 1);
  expect(line).toMatchObject({ ServiceAddr: `[::1]:${port}`, ServiceURL: `http://[::1]:${port}` });
});

test.each(["json", "common"])("UTF-8 of headers stays UTF-8 in %s", async (format) => {
  using upstream = startUpstream(
    answering(() => plain("hello", "200 OK", [`X-Origin: ${latin1("na\u00efve")}`])),
  );
  await using router = await startRouter({
    workers: 1,
    dynamic: routes({ app: servers(upstream.url) }),
    static: `accessLog: {filePath: access.log, format: ${format}, fields: {headers: {defaultMode: keep}}}\n`,
  });
  const { status } = await get(router.port, "/app", [
    `User-Agent: ${latin1("caf\u00e9 \u20ac \u{1f600} \u009b")}`,
    "Referer: \u00e9",
  ]);
  expect(status).toBe(200);
  const [line] = await waitFor("a line", () => {
    const lines = log(router).split("\n").slice(0, -1);
    return lines.length > 0 ? lines : undefined;
  });
  if (format === "json") {
    expect(line).toContain('"request_User-Agent":"caf\u00e9 \u20ac \u{1f600} \\u00c2\\u009b"');
    expect(line).toContain('"request_Referer":"\\u00e9"');
    expect(line).toContain('"downstream_X-Origin":"na\u00efve"');
  } else {
    expect(line).toContain(
      `${String.raw`"\xe9" "`}caf\u00e9 \u20ac \u{1f600}${String.raw` \xc2\x9b"`}`,
    );
  }
});

/** UTF-8 as the bytes that go over the wire. */
function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}

test("a full disk costs lines and no request, and is said once", async () => {
  if (!existsSync("/dev/full")) return;
  using upstream = startUpstream(answering(() => plain("hello")));
  for (const bufferingSize of [0, 2]) {
    await using router = await startRouter({
      workers: 1,
      dynamic: routes({ app: servers(upstream.url) }),
      static: `accessLog: {filePath: /dev/full, bufferingSize: ${bufferingSize}}\n`,
    });
    for (let i = 0; i < 6; i++) expect((await get(router.port, "/app")).status).toBe(200);
    const said = () => router.program.log.match(/Cannot write a log[^\n]*/g) ?? [];
    await waitFor("the log to say so", () => said().length > 0 || undefined);
    expect((await get(router.port, "/app")).status).toBe(200);
    expect(said()).toEqual([expect.stringContaining("/dev/full")]);
    expect(said()[0]).toMatch(/ENOSPC|no space left/i);
  }
});

describe("without a buffer the line is in the file when the client has the end of the answer", () => {
  const answers: Record<string, () => string | Uint8Array> = {
    "/length": () => plain("hello"),
    "/chunked": () =>
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "/empty": () => "HTTP/1.1 204 No Content\r\n\r\n",
    "/large": () => plain("x".repeat(300_000)),
  };
  const start = async (upstreamUrl: string) =>
    startRouter({
      workers: 1,
      dynamic: JSON.stringify({
        http: {
          routers: { all: { rule: "!Path(`/nothing`)", service: "all" } },
          services: { all: servers(upstreamUrl) },
        },
      }),
      static: "accessLog: {filePath: access.log}\n",
    });
  const backend = () => startUpstream(answering(({ target }) => answers[target]()));
  const targets = [...Object.keys(answers), "/nothing"];
  const written = (router: Router) => log(router).split("\n").length - 1;

  test("HTTP/1.1", async () => {
    using upstream = backend();
    await using router = await start(upstream.url);
    using client = await router.client();
    let expected = 0;
    for (let round = 0; round < 10; round++) {
      for (const target of targets) {
        await client.request(`GET ${target} HTTP/1.1\r\nHost: app.test\r\n\r\n`);
        expect(written(router)).toBe(++expected);
      }
    }
  });

  test("HTTP/2", async () => {
    using upstream = backend();
    await using router = await start(upstream.url);
    using client = await RawHttp2.connect(router.port);
    let stream = 1;
    for (let round = 0; round < 10; round++) {
      for (const target of ["/length", "/chunked", "/nothing"]) {
        const flags = Flag.endHeaders | Flag.endStream;
        await client.send(frame(FrameType.headers, flags, stream, request(target)));
        const data = await client.until(FrameType.data, stream);
        expect(data!.flags & Flag.endStream).toBe(Flag.endStream);
        expect(written(router)).toBe((stream + 1) / 2);
        stream += 2;
      }
    }
  });
});

test("the log has a field that Connection names where forwardedHeaders.connection lets it through", async () => {
  using upstream = startUpstream(answering(plain("ok")));
  await using router = await startRouter({
    dynamic: routes({ s: servers(upstream.url) }),
    web: '    forwardedHeaders: { connection: ["Foo"] }',
    static: `
accessLog:
  filePath: access.log
  format: json
  fields: { headers: { names: { Foo: keep, Bar: keep } } }
`,
  });
  const named = ["Connection: Foo, Bar", "Foo: seen", "Bar: not"];
  expect((await get(router.port, "/s", named)).status).toBe(200);
  const [line] = await jsonLines(router, 1);
  expect(line["request_Foo"]).toBe("seen");
  expect(line).not.toHaveProperty("request_Bar");
  expect([upstream.requests[0].header("foo"), upstream.requests[0].header("bar")]).toEqual([
    undefined,
    undefined,
  ]);
});
