import { expect } from "bun:test";
import type { Field } from "../../support/http3-client.ts";
import { http3Suite, securely, startHttp3Router } from "../../support/http3-scene.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, chunked, echoing, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const { test, startClient } = http3Suite();

/** RFC 9114 section 8.1. */
const EXCESSIVE_LOAD = 0x107;
const MESSAGE_ERROR = 0x10e;

function head(method: string, ...more: Field[]): Field[] {
  return [
    [":method", method],
    [":scheme", "https"],
    [":authority", "app.test"],
    [":path", "/"],
    ...more,
  ];
}

/** A POST with a body of one byte and these trailers, as they stand there. */
const withTrailers = (...trailers: Field[]) => [
  { type: 1, fields: head("POST") },
  { type: 0, text: "x" },
  { type: 1, fields: trailers },
];

const SECOND_REQUEST = "1\r\n\r\nGET /second HTTP/1.1\r\nHost: app.test\r\n\r\n";

test("malformed trailers never end a request, and are no second one", async () => {
  using upstream = startUpstream(echoing());
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);
  for (const [name, value] of [
    ["x-sum", SECOND_REQUEST],
    [`x-sum: ${SECOND_REQUEST}x`, "1"],
    ["x-sum", "1\n"],
    ["x-sum", "1\x7f"],
    ["x sum", "1"],
    ["X-Sum", "1"],
    ["Content-Length", "1"],
    [":path", "/other"],
  ] as const) {
    const answer = await connection.raw(withTrailers([name, value])).answer();
    expect([name, answer.event, answer.code]).toEqual([name, "failed", MESSAGE_ERROR]);
  }
  await waitFor("the upstream to be rid of them", () => upstream.open === 0);
  expect(upstream.requests.length).toBe(0);
  expect((await connection.raw(withTrailers(["x-sum", "1"])).answer()).status).toBe(200);
  expect(upstream.requests[0].trailers).toEqual([["x-sum", "1"]]);
});

test("trailers have the limits of heads, and nothing in them that comes too late there", async () => {
  using upstream = startUpstream(echoing());
  await using router = await startHttp3Router({
    dynamic: securely(upstream.url),
    web: "    http: {maxHeaderBytes: 8192}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const many = Array.from({ length: 600 }, (_, i) => [`x-${i}`, ""] as const);
  for (const trailers of [many, [["x-large", "x".repeat(9000)] as const]]) {
    const answer = await connection.raw(withTrailers(...trailers)).answer();
    expect([answer.event, answer.code]).toEqual(["failed", MESSAGE_ERROR]);
  }
  expect(upstream.requests.length).toBe(0);
  const late = ["authorization", "cookie", "x-forwarded-for", "host", "te"];
  const trailers: Field[] = [...late.map((name) => [name, "1"] as const), ["x-sum", "1"]];
  expect((await connection.raw(withTrailers(...trailers)).answer()).status).toBe(200);
  expect(upstream.requests[0].trailers).toEqual([["x-sum", "1"]]);
});

test("names that are numbers, and names of what objects have", async () => {
  using upstream = startUpstream(
    answering(plain("ok", "200 OK", ["123: a", "__proto__: b", "Constructor: c"])),
  );
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const fields: Field[] = [
    ["123", "a"],
    ["__proto__", "b"],
    ["__proto__", "c"],
    ["constructor", "d"],
  ];
  const answer = await connection.rawHead(head("GET", ...fields));
  expect(answer.status).toBe(200);
  const { requests } = upstream;
  const own = requests[0].fields.filter(([name]) => fields.some(([other]) => other === name));
  expect(own.sort()).toEqual(fields as [string, string][]);
  for (const [name, value] of Object.entries({
    "123": "a",
    ["__proto__"]: "b",
    constructor: "c",
  })) {
    expect(answer.fields?.[name]).toEqual([value]);
  }
});

test("a response's field lines of one name all arrive, whatever the name", async () => {
  const lines = ["Location: /a", "Location: /b", "Content-Encoding: a", "Content-Encoding: b"];
  const several = ["Set-Cookie: a=1", "Set-Cookie: b=2", "X-A: 1", "X-A: 2"];
  using upstream = startUpstream(
    answering(
      Buffer.concat([
        Buffer.from("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nETag: 1\r\nETag: 2\r\n\r\n"),
        plain("ok", "302 Found", [...lines, ...several]),
      ]),
    ),
  );
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const answer = await (await client.connect(router.port)).ask();
  expect([answer.event, answer.status, answer.body]).toEqual(["end", 302, "ok"]);
  expect(answer.interim).toEqual(["103 </a>"]);
  expect(answer.fields?.["Location"]).toEqual(["/a, /b"]);
  expect(answer.fields?.["Content-Encoding"]).toEqual(["a, b"]);
  expect(answer.fields?.["Set-Cookie"]).toEqual(["a=1", "b=2"]);
  expect(answer.fields?.["X-A"]).toEqual(["1", "2"]);
});

test("a response with more fields than the runtime can send is 502, more trailers break it off", async () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: a`);
  using upstream = startUpstream(
    answering(({ target }) => {
      const [, where, count] = target.split("/");
      const fields = many(Number(count));
      return where === "trailers" ? chunked(["ok"], fields) : plain("ok", "200 OK", fields);
    }),
  );
  await using router = await startHttp3Router({
    dynamic: securely(upstream.url),
    static: "accessLog: {}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const ask = async (path: string) => {
    const { event, status, body } = await connection.ask({ path });
    return [path, event, status, body];
  };
  expect(await ask("/head/120")).toEqual(["/head/120", "end", 200, "ok"]);
  expect(await ask("/head/130")).toEqual(["/head/130", "end", 502, "Bad Gateway"]);
  await router.program.logged(/"GET \/head\/130 HTTP\/3\.0" 502 /);
  expect(await ask("/trailers/120")).toEqual(["/trailers/120", "end", 200, "ok"]);
  // The reset may overtake the head.
  expect((await connection.ask({ path: "/trailers/130" })).event).toBe("failed");
});

test("HEAD has no body, also where its head is too large", async () => {
  await using router = await startHttp3Router({
    dynamic: securely("http://127.0.0.1:1"),
    web: "    http: {maxHeaderBytes: 8192}\n",
  });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const answer = await connection.rawHead(head("HEAD", ["x-large", "x".repeat(9000)]));
  expect([answer.event, answer.status, answer.length]).toEqual(["end", 431, undefined]);
});

test("a field that is too large is never left out of a request that goes on", async () => {
  using upstream = startUpstream(echoing());
  for (const [limit, sizes] of [
    [8192, [9000, 16_000, 16_384, 17_000, 33_000, 60_000, 66_000, 140_000]],
    [1_048_576, [66_000, 140_000, 1_100_000, 2_097_152, 3_000_000, 5_000_000]],
  ] as const) {
    await using router = await startHttp3Router({
      dynamic: securely(upstream.url),
      web: `    http: {maxHeaderBytes: ${limit}}\n`,
    });
    await using client = startClient();
    for (const size of sizes) {
      const large: Field = ["x-large", "x".repeat(size)];
      for (const frames of [
        [{ type: 1, fields: head("POST", large, ["x-a", "1"]) }],
        withTrailers(large, ["x-a", "1"]),
      ]) {
        const connection = await client.connect(router.port);
        const answer = await connection.raw(frames).answer();
        if (answer.event === "end") expect([size, answer.status]).toEqual([size, 431]);
        connection.close();
      }
    }
  }
  expect(upstream.requests.length).toBe(0);
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const connection = await client.connect(router.port);
  const large = "x".repeat(50_000);
  expect((await connection.rawHead(head("GET", ["x-large", large]))).status).toBe(200);
  expect(upstream.requests[0].header("x-large")).toBe(large);
});

test("a flood of requests that are cancelled before their answers ends its connection", async () => {
  using upstream = startUpstream(async (connection) => {
    const request = await connection.request();
    if (request?.target === "/begun") {
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    }
    await connection.ended();
  });
  await using router = await startHttp3Router({ dynamic: securely(upstream.url) });
  await using client = startClient();
  const other = await client.connect(router.port);
  const bystander = other.send({ path: "/begun" });
  await bystander.head();
  const connection = await client.connect(router.port);
  const cancel = async (path: string) => {
    const calls = Array.from({ length: 90 }, () => connection.send({ path }));
    if (path === "/begun") await Promise.all(calls.map((call) => call.head()));
    else await waitFor("the requests", () => upstream.open === calls.length + 1 || connection.over);
    for (const call of calls) call.cancel();
    await waitFor("the calls to end", () => upstream.open === 1);
  };
  for (let i = 0; i < 10; i++) await cancel("/begun");
  expect(connection.over).toBe(false);
  for (let i = 0; i < 5; i++) await cancel("/");
  expect(connection.over).toBe(false);
  for (let i = 0; i < 50 && !connection.over; i++) await cancel("/");
  expect((await connection.closed()).code).toBe(EXCESSIVE_LOAD);
  expect([other.over, bystander.over]).toEqual([false, false]);
});
