import { expect, test } from "bun:test";
import { HeaderList } from "../../../src/wire/header-list.ts";
import { ErrorCode } from "../../../src/wire/http2/message.ts";
import { FrameType } from "../../support/http/raw-http2.ts";
import { FedBody } from "../../support/sockets/upstream-scene.ts";
import { type Http2Headers, http2Scenes, textOf } from "./http2-scenes.ts";

const { before, scripted } = http2Scenes();

test("a request's head is its own, without what was about the client's connection", async () => {
  const seen: Http2Headers[] = [];
  const { scene } = await before((stream, headers) => {
    seen.push({ ...headers });
    stream.respond({ ":status": 201, "x-answer": "yes", "proxy-authenticate": "Basic" });
    stream.end("made");
  });
  const response = await scene.ask({
    path: "/a?b=c",
    headers: [
      ["X-Kept", "1"],
      ["Keep-Alive", "timeout=5"],
      ["Proxy-Authorization", "secret"],
      ["HTTP2-Settings", "AAMAAABk"],
      ["TE", "gzip, Trailers"],
      ["X-Forwarded-For", "198.51.100.1"],
      ["grpc-timeout", "10S"],
    ],
  });
  expect([response.status, response.reason, await response.text()]).toEqual([
    201,
    "Created",
    "made",
  ]);
  expect(response.headerList.first("x-answer")).toBe("yes");
  expect(response.headerList.has("proxy-authenticate")).toBe(false);
  expect(Object.entries(seen[0])).toEqual([
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "app.test"],
    [":path", "/a?b=c"],
    ["x-forwarded-for", "198.51.100.1, 192.0.2.7"],
    ["x-kept", "1"],
    ["grpc-timeout", "10S"],
    ["te", "trailers"],
  ]);
});

test("the authority is the URL's where the client's Host isn't passed, or there is none", async () => {
  const { scene } = await before((stream, headers) => {
    stream.respond();
    stream.end(String(headers[":authority"]));
  });
  const own = `200 127.0.0.1:${scene.pool.address.port}`;
  expect(await scene.text({ passHostHeader: false })).toBe(own);
  expect(await scene.text({ host: "" })).toBe(own);
  expect(await scene.text({ host: "a.test:81" })).toBe("200 a.test:81");
});

test("bodies and trailers go both ways", async () => {
  const { scene } = await before(async (stream, headers) => {
    let trailers: Http2Headers = {};
    stream.on("trailers", (got) => {
      trailers = got;
    });
    const body = await textOf(stream);
    stream.respond({}, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": "of response" }));
    stream.end(
      `${headers["content-length"]} ${body} ${trailers["x-end"]} ${trailers["connection"]}`,
    );
  });
  const fed = new FedBody();
  const asked = scene.ask({ method: "POST", body: fed.body });
  fed.push("hello ");
  fed.push("world");
  fed.body.finish(
    HeaderList.from([
      ["X-End", "of request"],
      ["Connection", "close"],
    ]),
  );
  const response = await asked;
  const body = response.takeBody()!;
  const bytes = await body.bytes();
  expect(new TextDecoder().decode(bytes)).toBe("undefined hello world of request undefined");
  expect([...body.trailers!.entries()]).toEqual([["x-end", "of response"]]);
});

test("a length that is known is said, also where an expected body is missing", async () => {
  const { scene } = await before((stream, headers) => {
    stream.respond();
    stream.end(String(headers["content-length"]));
  });
  expect(await scene.text({ method: "POST", body: "12345" })).toBe("200 5");
  expect(await scene.text({ method: "POST" })).toBe("200 0");
  expect(await scene.text({ method: "DELETE" })).toBe("200 undefined");
});

test("responses without a body have none", async () => {
  const { scene } = await before((stream, headers) => {
    const status = Number(String(headers[":path"]).slice(1));
    stream.respond(status === 200 ? { "content-length": 5 } : { ":status": status });
    stream.end();
  });
  for (const [method, path] of [
    ["HEAD", "/200"],
    ["GET", "/204"],
    ["GET", "/304"],
  ]) {
    const response = await scene.ask({ method, path });
    expect([response.status, response.hasBody]).toEqual([Number(path.slice(1)), false]);
  }
});

test("interim responses go on, 100 lets the body go", async () => {
  const { scene, upstream } = scripted(async (peer) => {
    await peer.begin();
    const stream = await peer.request();
    await peer.respond(stream, "103", false);
    await peer.respond(stream, "100", false);
    const { payload } = await peer.until(FrameType.data, stream);
    await peer.respond(stream, "200", false);
    await peer.data(stream, new TextDecoder().decode(payload), true);
  });
  const interim: string[] = [];
  const fed = new FedBody(3);
  fed.push("abc");
  fed.body.finish();
  const answer = await scene.text({
    method: "PUT",
    headers: [["Expect", "100-continue"]],
    body: fed.body,
    interim,
  });
  expect(answer).toBe("200 abc");
  expect(interim).toEqual(["103 "]);
  expect(upstream.errors).toEqual([]);
});

test("where nobody says 100, the body goes after a while", async () => {
  const { scene, upstream } = scripted(async (peer) => {
    await peer.begin();
    const stream = await peer.request();
    await peer.until(FrameType.data, stream);
    await peer.respond(stream);
  });
  const headers = [["Expect", "100-continue"]] as const;
  expect(await scene.text({ method: "PUT", headers, body: "x" })).toBe("200 ");
  expect(upstream.errors).toEqual([]);
});

test("a response may come whole before its request: the rest isn't sent", async () => {
  const { scene, upstream } = scripted(async (peer) => {
    await peer.begin();
    const stream = await peer.request();
    await peer.until(FrameType.data, stream);
    await peer.respond(stream, "413");
    const { payload } = await peer.until(FrameType.rstStream, stream);
    expect(payload).toEqual(new Uint8Array([0, 0, 0, ErrorCode.noError]));
    await peer.respond(await peer.request());
  });
  const fed = new FedBody();
  const asked = scene.text({ method: "POST", body: fed.body });
  fed.push("a beginning");
  expect(await asked).toBe("413 ");
  expect(fed.heard).toEqual(["cancel: The upstream answered before it had the whole request"]);
  expect(await scene.text()).toBe("200 ");
  expect([upstream.errors, upstream.peers.length]).toEqual([[], 1]);
});

test("both directions stream at once", async () => {
  const { scene } = await before((stream) => {
    stream.respond();
    stream.on("data", (chunk) => stream.write(`<${chunk}>`));
    stream.on("end", () => stream.end("."));
  });
  const fed = new FedBody();
  const asked = scene.ask({ method: "POST", body: fed.body });
  fed.push("one");
  const response = await asked;
  const reader = response.body!.getReader();
  const next = async () => new TextDecoder().decode((await reader.read()).value);
  expect(await next()).toBe("<one>");
  fed.push("two");
  expect(await next()).toBe("<two>");
  fed.body.finish();
  expect(await next()).toBe(".");
  expect((await reader.read()).done).toBe(true);
});
