import { expect, test } from "bun:test";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { exchange, RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, echoing, plain } from "../../support/sockets/upstream-scripts.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** What a server answers, and what the client gets of it; docs/strictness.md has the reasons. */
const ANSWERS: Record<string, [answer: string | Uint8Array, status: number, text: string]> = {
  "blanks behind chunk sizes": [`${CHUNKED}2   \r\nhi\r\n0\t\r\n\r\n`, 200, "hi"],
  "a blank in front of a chunk extension": [`${CHUNKED}2 ;a\r\nhi\r\n0\r\n\r\n`, 200, ""],
  "a status of 600": [plain("hi", "600 Own"), 600, "hi"],
  "a status of 999": [plain("hi", "999 Request Denied"), 999, "hi"],
  "lines that end with LF": ["HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 502, "Bad Gateway"],
  "a folded field line": [`${OK}X: a\r\n b\r\nContent-Length: 2\r\n\r\nhi`, 502, "Bad Gateway"],
  "two equal lengths": [
    `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`,
    502,
    "Bad Gateway",
  ],
  "1,000 fields": [`${OK}${"X-Many: 1\r\n".repeat(1000)}Content-Length: 2\r\n\r\nhi`, 200, "hi"],
};

test("odd answers of servers are passed on or 502, each as documented", async () => {
  const paths = Object.keys(ANSWERS).map((_, i) => `/${i}`);
  using upstream = startUpstream(
    answering(({ target }) => Object.values(ANSWERS)[Number(target.slice(1))][0]),
  );
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  for (const [i, [name, [, status, text]]] of Object.entries(ANSWERS).entries()) {
    using client = await RawClient.connect(router.port);
    await client.send(`GET ${paths[i]} HTTP/1.1\r\nHost: app.test\r\n\r\n`);
    if (text === "") {
      // The head was sent by then: the body breaks off.
      const answer = await client.readToEnd();
      expect([name, answer.includes("\r\n0\r\n")]).toEqual([name, false]);
      continue;
    }
    const answer = await client.response();
    expect([name, answer.status, answer.text]).toEqual([name, status, text]);
  }
});

test("a request's fields are bounded by maxHeaderBytes and Go's 4,096 bytes more", async () => {
  using upstream = startUpstream(echoing());
  await using router = await startRouter({
    dynamic: forwardingTo(upstream.url),
    web: "    http:\n      maxHeaderBytes: 40000",
  });
  const get = (fields: string) =>
    exchange(router.port, `GET / HTTP/1.1\r\nHost: app.test\r\n${fields}\r\n`);
  const sized = (bytes: number) =>
    get(`X: ${"a".repeat(bytes - "GET / HTTP/1.1\r\nHost: app.test\r\nX: \r\n\r\n".length)}\r\n`);
  expect((await sized(44_096)).status).toBe(200);
  expect((await sized(44_097)).status).toBe(431);
  // As many as there are 32 bytes, Host among them.
  expect((await get("X-Many: 1\r\n".repeat(1377))).status).toBe(200);
  expect((await get("X-Many: 1\r\n".repeat(1378))).status).toBe(431);
});

test("a request with 1,000 fields and 100 options of Connection is served; more options are refused", async () => {
  using upstream = startUpstream(echoing());
  await using router = await startRouter({ dynamic: forwardingTo(upstream.url) });
  const request = (options: number) =>
    [
      "GET / HTTP/1.1",
      "Host: app.test",
      `Connection: ${Array.from({ length: options }, (_, i) => `x-${i}`).join(",")}`,
      ...Array.from({ length: 1000 }, (_, i) => `X-${i}: ${i}`),
      "",
      "",
    ].join("\r\n");
  const { status, text } = await exchange(router.port, request(100));
  const passed = (JSON.parse(text).fields as [string, string][]).filter(([name]) =>
    /^X-\d+$/.test(name),
  );
  expect([status, passed.length, passed[0]]).toEqual([200, 900, ["X-100", "100"]]);
  expect((await exchange(router.port, request(101))).status).toBe(400);
});
