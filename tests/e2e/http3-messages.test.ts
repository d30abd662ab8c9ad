import { expect } from "bun:test";
import type { Field } from "../support/http3-client.ts";
import { http3Suite, securely, startHttp3Router } from "../support/http3-scene.ts";
import { startUpstream } from "../support/recording-upstream.ts";
import { echoing } from "../support/upstream-scripts.ts";
import { waitFor } from "../support/wait-for.ts";

const { test, startClient } = http3Suite();

/** RFC 9114 section 8.1. */
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
