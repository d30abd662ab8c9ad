import { expect } from "bun:test";
import type { Field } from "../../support/http3-client.ts";
import { HTTP3_WHOAMI, http3Suite, securely, startHttp3Router } from "../../support/http3-scene.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const { test, startClient } = http3Suite();

/** RFC 9114 section 8.1. */
const MESSAGE_ERROR = 0x10e;
/** RFC 9204 section 6. */
const DECOMPRESSION_FAILED = 0x200;

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
  await using router = await startHttp3Router({ dynamic: HTTP3_WHOAMI });
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
