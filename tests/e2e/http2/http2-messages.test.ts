import { expect, test } from "bun:test";
import { Http2Answers } from "../../support/http/http2-answers.ts";
import { block, Flag, FrameType, frame, RawHttp2, request } from "../../support/http/raw-http2.ts";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { startUpstream, type UpstreamScript } from "../../support/sockets/recording-upstream.ts";
import { answering, chunked, echoing, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const WHOLE = Flag.endHeaders | Flag.endStream;
const utf8 = (text: string) => new TextEncoder().encode(text);

/** HTTP/2 in front; behind it HTTP/1.1, or with "h2c" HTTP/2 to a second router and HTTP/1.1 behind that. */
async function before(script: UpstreamScript, way = "direct") {
  const upstream = startUpstream(script);
  const last = await startRouter({ dynamic: forwardingTo(upstream.url) });
  const first = await startRouter({ dynamic: forwardingTo(`h2c://127.0.0.1:${last.port}`) });
  const client = await RawHttp2.connect((way === "h2c" ? first : last).port);
  const answers = new Http2Answers(client);
  return {
    upstream,
    client,
    answers,
    ask: (stream: number, path: string, method = "GET", fields: [string, string][] = []) =>
      client.send(frame(FrameType.headers, WHOLE, stream, request(path, fields, method))),
    begin: (stream: number, path: string, fields: [string, string][] = []) =>
      client.send(frame(FrameType.headers, Flag.endHeaders, stream, request(path, fields, "POST"))),
    async [Symbol.asyncDispose]() {
      client.reset();
      await first[Symbol.asyncDispose]();
      await last[Symbol.asyncDispose]();
      upstream.stop();
    },
  };
}

for (const way of ["direct", "h2c"]) {
  test(`${way}: HEAD, 204 and 304 have no body, whatever is said of one`, async () => {
    await using scene = await before(
      answering(({ method, target }) => {
        if (target === "/204") return "HTTP/1.1 204 No Content\r\n\r\n";
        if (target === "/304") return "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n";
        return method === "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" : plain("hello");
      }),
      way,
    );
    await scene.ask(1, "/", "HEAD");
    await scene.ask(3, "/204");
    await scene.ask(5, "/304");
    await scene.ask(7, "/");
    const seen = [];
    for (const stream of [1, 3, 5, 7]) {
      const { status, text, end, fields } = await scene.answers.of(stream);
      seen.push([status, text, end, fields["content-length"]]);
    }
    expect(seen).toEqual([
      [200, "", "clean", "5"],
      [204, "", "clean", undefined],
      [304, "", "clean", "5"],
      [200, "hello", "clean", "5"],
    ]);
    expect(scene.upstream.errors).toEqual([]);
  });

  test(`${way}: 100 when the upstream wants the body, 103 as it comes, trailers both ways`, async () => {
    await using scene = await before(async (connection) => {
      await connection.readUntil("\r\n\r\n");
      await connection.send("HTTP/1.1 100 Continue\r\n\r\n");
      await connection.readUntil("\r\nx-sum: 7\r\n\r\n");
      await connection.send(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n",
      );
      await connection.send(chunked(["ok"], ["X-Done: yes"], ["Trailer: X-Done"]));
    }, way);
    await scene.begin(1, "/", [
      ["expect", "100-continue"],
      ["te", "trailers"],
    ]);
    await scene.answers.until(1, ({ interim }) => interim.length === 1);
    await scene.client.send(frame(FrameType.data, 0, 1, utf8("body")));
    const trailers = frame(FrameType.headers, WHOLE, 1, block([["x-sum", "7"]]));
    await scene.client.send(trailers);
    const answer = await scene.answers.of(1);
    expect(answer.interim).toEqual(["100", "103 link=</a.css>"]);
    expect([answer.status, answer.text, answer.trailers]).toEqual([200, "ok", { "x-done": "yes" }]);
    const [received] = scene.upstream.received;
    expect(received).toMatch(/^expect: 100-continue\r$/im);
    expect(received).toMatch(/^te: trailers\r$/im);
    expect(received).not.toMatch(/^content-length/im);
  });

  test(`${way}: an upstream that refuses the expectation gets no body`, async () => {
    await using scene = await before(async (connection) => {
      await connection.readUntil("\r\n\r\n");
      await connection.send(plain("no", "417 Expectation Failed", ["Connection: close"]));
      await connection.readToEnd();
    }, way);
    await scene.begin(1, "/", [["expect", "100-continue"]]);
    expect(await scene.answers.of(1)).toMatchObject({ status: 417, interim: [], end: "clean" });
    const connection = scene.upstream.connections[0];
    await connection.ended();
    expect(scene.upstream.received[0]).toEndWith("\r\n\r\n");
  });

  test(`${way}: fields about the connection stay on it, cookies come as one`, async () => {
    const hop = ["Connection: x-hop", "X-Hop: 1", "Keep-Alive: timeout=5", "Proxy-Connection: x"];
    await using scene = await before(
      answering(({ fields }) => plain(JSON.stringify(fields), "200 OK", [...hop, "X-Up: yes"])),
      way,
    );
    await scene.ask(1, "/", "GET", [
      ["cookie", "a=1"],
      ["accept", "x/y"],
      ["cookie", "b=2"],
      ["cookie", "c=3"],
    ]);
    const { fields, text } = await scene.answers.of(1);
    expect(fields).toMatchObject({ "x-up": "yes" });
    for (const name of ["connection", "x-hop", "keep-alive", "proxy-connection", "upgrade"])
      expect(fields).not.toHaveProperty(name);
    const got = (JSON.parse(text) as [string, string][]).map(([n, v]) => [n.toLowerCase(), v]);
    expect(got.filter(([name]) => name === "cookie")).toEqual([["cookie", "a=1; b=2; c=3"]]);
    expect(got.filter(([name]) => name === "host")).toEqual([["host", "app.test"]]);
    expect(got.filter(([name]) => name.startsWith(":"))).toEqual([]);
  });
}

const AUTHORITY: [string, string] = [":authority", "app.test"];
const base = (method: string, path: string): [string, string][] => [
  [":method", method],
  [":scheme", "http"],
  [":path", path],
];
const REFUSED: Record<string, [string, string][]> = {
  "* with GET": [...base("GET", "*"), AUTHORITY],
  "an absolute URL as path": [...base("GET", "http://other.test/"), AUTHORITY],
  "a Host field that says something else": [...base("GET", "/"), AUTHORITY, ["host", "b.test"]],
  "two Host fields": [...base("GET", "/"), ["host", "app.test"], ["host", "b.test"]],
  "userinfo in the authority": [...base("GET", "/"), [":authority", "user@app.test"]],
  "a path in the authority": [...base("GET", "/"), [":authority", "app.test/x"]],
  "two authorities in one": [...base("GET", "/"), [":authority", "app.test,b.test"]],
  "a fragment in the path": [...base("GET", "/a#b"), AUTHORITY],
  "a path twice": [...base("GET", "/"), AUTHORITY, [":path", "/b"]],
  "a pseudo-header field behind others": [
    [":method", "GET"],
    [":scheme", "http"],
    ["x-a", "1"],
    [":path", "/"],
  ],
  "a pseudo-header field that nobody knows": [...base("GET", "/"), AUTHORITY, [":other", "x"]],
  "an extended CONNECT that nobody offered": [
    ...base("CONNECT", "/chat"),
    AUTHORITY,
    [":protocol", "websocket"],
  ],
  "CONNECT with a path": [...base("CONNECT", "/"), AUTHORITY],
  "an upgrade": [...base("GET", "/"), AUTHORITY, ["upgrade", "websocket"]],
  "TRACE with a body's length": [...base("TRACE", "/"), AUTHORITY, ["content-length", "5"]],
};

test("requests that could be read in two ways reach nobody; the connection lives", async () => {
  await using scene = await before(echoing());
  let stream = 1;
  for (const [what, fields] of Object.entries(REFUSED)) {
    await scene.client.send(frame(FrameType.headers, WHOLE, stream, block(fields)));
    const answer = await scene.answers.of(stream);
    const refused = answer.end === 1 || (answer.status >= 400 && answer.status < 600);
    expect({ what, refused, text: answer.text }).toMatchObject({ what, refused: true });
    stream += 2;
  }
  await scene.ask(stream, "/");
  expect((await scene.answers.of(stream)).status).toBe(200);
  expect(scene.upstream.requests.map(({ target }) => target)).toEqual(["/"]);
});

test("CONNECT is 501 and opens nothing; the SETTINGS offer no extended one", async () => {
  await using scene = await before(echoing());
  const first = await scene.client.until(FrameType.settings);
  const pairs = [...(first?.payload ?? [])];
  const offered = pairs.filter((_, i) => i % 6 === 1);
  expect(offered).not.toContain(8);
  const connect = block([
    [":method", "CONNECT"],
    [":authority", "app.test:80"],
  ]);
  await scene.client.send(frame(FrameType.headers, Flag.endHeaders, 1, connect));
  expect(await scene.answers.of(1)).toMatchObject({ status: 501, end: "clean" });
  // What its client sends into the tunnel that isn't there is dropped.
  await scene.client.send(frame(FrameType.data, 0, 1, utf8("GET / HTTP/1.1\r\n\r\n")));
  await scene.ask(3, "/");
  expect((await scene.answers.of(3)).status).toBe(200);
  expect(scene.upstream.connections.length).toBe(1);
});

test("a request without an authority: HTTP/1.1 above gets the server's own name", async () => {
  await using scene = await before(echoing());
  await scene.client.send(frame(FrameType.headers, WHOLE, 1, block(base("GET", "/"))));
  const { fields } = JSON.parse((await scene.answers.of(1)).text);
  const hosts = (fields as [string, string][]).filter(([name]) => /^host$/i.test(name));
  expect(hosts).toEqual([["Host", `127.0.0.1:${scene.upstream.port}`]]);
});

test("a Host field alone serves as authority, also with a port", async () => {
  await using scene = await before(echoing());
  const head = block([...base("GET", "/"), ["host", "app.test:8080"]]);
  await scene.client.send(frame(FrameType.headers, WHOLE, 1, head));
  const { fields } = JSON.parse((await scene.answers.of(1)).text);
  const hosts = (fields as [string, string][]).filter(([name]) => /^host$/i.test(name));
  expect(hosts).toEqual([["Host", "app.test:8080"]]);
});

test("retries: a GET on a pooled connection that died, never a POST, never twice", async () => {
  await using scene = await before(async (connection, index) => {
    if (index === 3) return answering(plain("there"))(connection, index);
    await connection.request();
    if (index !== 2) await connection.send(plain("first"));
    // The next request finds the connection dying.
    await connection.request();
    connection.reset();
  });
  const { upstream } = scene;
  await scene.ask(1, "/one");
  expect((await scene.answers.of(1)).text).toBe("first");
  await scene.ask(3, "/again");
  expect((await scene.answers.of(3)).text).toBe("first");
  expect(upstream.connections.length).toBe(2);
  await scene.begin(5, "/post");
  await scene.client.send(frame(FrameType.data, Flag.endStream, 5, utf8("x")));
  expect((await scene.answers.of(5)).status).toBe(502);
  await waitFor("no open connection", () => upstream.open === 0);
  expect(upstream.requests.map(({ target }) => target)).toEqual([
    "/one",
    "/again",
    "/again",
    "/post",
  ]);
});

test("a stream number that was used, or is even, ends the connection with the reason", async () => {
  for (const [stream, code] of [
    [1, 5],
    [2, 1],
  ] as const) {
    await using scene = await before(answering(plain("ok")));
    await scene.ask(1, "/");
    await scene.answers.of(1);
    await scene.ask(stream, "/");
    expect(await scene.client.goAwayCode()).toBe(code);
    expect(scene.upstream.requests.length).toBe(1);
  }
});
