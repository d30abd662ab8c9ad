import { describe, expect, test } from "bun:test";
import { block, Flag, FrameType, frame, RawHttp2, request } from "../../support/http/raw-http2.ts";
import type { Field } from "../../support/http3-client.ts";
import { http3Suite, securely, startHttp3Router } from "../../support/http3-scene.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";

// What must not pass is refused to heads and trailers alike, whatever the spelling. Every case is
// judged by what a recording upstream got.

const backend = () => startUpstream(answering(() => plain("ok")));

const MIDDLEWARES = {
  edits: {
    headers: {
      customRequestHeaders: { "X-Auth-User": "", "X-Role": "guest", "User-Agent": "router" },
    },
  },
};

function dynamic(url: string, secure = false): string {
  const configuration = JSON.parse(secure ? securely(url) : '{"http":{}}');
  configuration.http = {
    routers: {
      all: {
        rule: "PathPrefix(`/`)",
        service: "backend",
        middlewares: ["edits"],
        ...(secure ? { tls: {} } : {}),
      },
    },
    middlewares: MIDDLEWARES,
    services: { backend: { loadBalancer: { servers: [{ url }] } } },
  };
  return JSON.stringify(configuration);
}

/** Names that nothing of a client's may reach the server under, by what they stand for. */
const REFUSED = [
  // Managed by the entrypoint.
  ...["X_Forwarded_For", "X.Forwarded.For", "X-Forwarded_For", "x_real.ip", "X_FORWARDED_PROTO"],
  ...["X.Forwarded.Tls.Client.Cert", "X_Forwarded_Tls_Client_Cert_Info"],
  // Deleted and set by the middleware.
  ...["X_Auth_User", "X.Auth.User", "x-auth_user", "X_Role", "X.ROLE", "User_Agent"],
];
/**
 * The same as trailers, where the plain spelling comes too late as well. Plain managed names in
 * trailers are 400 over HTTP/1.1.
 */
const REFUSED_TRAILERS = [
  ...["X-Auth-User", "X-Role", "User-Agent", "Content_Length", "Transfer.Encoding"],
  ...REFUSED,
];
const PASSED = ["X_Other", "X.Other", "X-Checksum", "X_Forwarded_Fo", "X-Roles"];

const evil = (names: readonly string[]): Field[] =>
  names.map((name) => [name.toLowerCase(), "evil"]);

const namesOf = (fields: readonly Field[]) =>
  fields.filter(([, value]) => value === "evil").map(([name]) => name.toLowerCase());
const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());

const lines = (names: readonly string[]) => names.map((name) => `${name}: evil\r\n`).join("");

/** A request over HTTP/1.1 with such fields and trailers. */
const chunkedRequest = (fields: readonly string[], trailers: readonly string[]) =>
  `POST / HTTP/1.1\r\nHost: app.test\r\n${lines(fields)}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n${lines(trailers)}\r\n`;

const start = (url: string, web = "") => startRouter({ dynamic: dynamic(url), web });

describe("fields and trailers that stand for what is not the client's to say", () => {
  test("over HTTP/1.1", async () => {
    using upstream = backend();
    await using router = await start(upstream.url);
    using client = await router.client();
    await client.request(chunkedRequest([...REFUSED, ...PASSED], [...REFUSED_TRAILERS, ...PASSED]));
    const [received] = upstream.requests;
    expect(namesOf(received.fields)).toEqual(lower(PASSED));
    expect(namesOf(received.trailers)).toEqual(lower(PASSED));
    expect(received.fields.filter(([name]) => /^x-role$/i.test(name))).toEqual([
      ["X-Role", "guest"],
    ]);
  });

  test("over HTTP/2", async () => {
    using upstream = backend();
    await using router = await start(upstream.url);
    using client = await RawHttp2.connect(router.port);
    await askHttp2(
      client,
      1,
      evil([...REFUSED, ...PASSED]),
      evil(["X-Forwarded-For", "X-Real-Ip", "Authorization", ...REFUSED_TRAILERS, ...PASSED]),
    );
    const [received] = upstream.requests;
    expect(namesOf(received.fields)).toEqual(lower(PASSED));
    expect(namesOf(received.trailers)).toEqual(lower(PASSED));
  });

  test("to a server of HTTP/2", async () => {
    using upstream = backend();
    await using last = await startRouter({
      dynamic: dynamic(upstream.url).replace(',"middlewares":["edits"]', ""),
      web: "    forwardedHeaders: {insecure: true}",
    });
    await using router = await start(`h2c://127.0.0.1:${last.port}`);
    using client = await router.client();
    await client.request(chunkedRequest([], [...REFUSED_TRAILERS, ...PASSED]));
    expect(namesOf(upstream.requests[0].trailers)).toEqual(lower(PASSED));
  });

  test("from a trusted peer: its managed headers pass, other spellings of them don't", async () => {
    using upstream = backend();
    await using router = await start(upstream.url, "    forwardedHeaders: {insecure: true}");
    using client = await router.client();
    await client.request(
      chunkedRequest(["X-Forwarded-Proto", ...REFUSED], [...REFUSED_TRAILERS, ...PASSED]),
    );
    const [received] = upstream.requests;
    expect(namesOf(received.fields)).toEqual(["x-forwarded-proto"]);
    expect(namesOf(received.trailers)).toEqual(lower(PASSED));
  });

  test("what Connection names goes as a trailer, and in every spelling", async () => {
    using upstream = backend();
    await using router = await start(upstream.url);
    using client = await router.client();
    await client.request(
      chunkedRequest(["X_Hop", "X-Hop"], ["X-Hop", "X.Hop", "X-Kept"]).replace(
        "Host:",
        "Connection: x-hop\r\nHost:",
      ),
    );
    const [received] = upstream.requests;
    expect(namesOf(received.fields)).toEqual([]);
    expect(namesOf(received.trailers)).toEqual(["x-kept"]);
  });
});

describe("underscoreHeadersStrategy holds for trailers", () => {
  const strategy = (word: string) => `    http: {underscoreHeadersStrategy: ${word}}`;

  test("delete", async () => {
    using upstream = backend();
    await using router = await start(upstream.url, strategy("delete"));
    using client = await router.client();
    await client.request(chunkedRequest([], ["X_Other", "X.Other"]));
    expect(namesOf(upstream.requests[0].trailers)).toEqual(["x.other"]);
  });

  test("reject: 400, and the server has no whole request", async () => {
    using upstream = backend();
    await using router = await start(upstream.url, strategy("reject"));
    using client = await router.client();
    expect((await client.request(chunkedRequest([], ["X_Other"]))).status).toBe(400);
    expect(upstream.requests).toEqual([]);
    using second = await RawHttp2.connect(router.port);
    await askHttp2(second, 1, [], [["x_other", "evil"]], "400");
    expect(upstream.requests).toEqual([]);
  });
});

async function askHttp2(
  client: RawHttp2,
  stream: number,
  fields: readonly Field[],
  trailers: readonly Field[],
  status = "200",
): Promise<void> {
  await client.send(
    frame(FrameType.headers, Flag.endHeaders, stream, request("/", fields, "POST")),
  );
  await client.send(frame(FrameType.data, 0, stream, Uint8Array.of(0x61)));
  await client.send(
    frame(FrameType.headers, Flag.endHeaders | Flag.endStream, stream, block(trailers)),
  );
  const head = await client.until(FrameType.headers, stream);
  // A literal, or an entry of the static table (RFC 7541 appendix A).
  const known: Record<string, number> = { "200": 0x88, "400": 0x8c };
  expect(head!.payload[0]).toBe(known[status]);
  await client.until(FrameType.data, stream);
}

const { test: http3Test, startClient } = http3Suite();

http3Test("over HTTP/3", async () => {
  using upstream = backend();
  const router: Router = await startHttp3Router({ dynamic: dynamic(upstream.url, true) });
  await using _ = router;
  await using client = startClient();
  const connection = await client.connect(router.port, { serverName: "app.test" });
  const answer = await connection.ask({
    method: "POST",
    authority: "app.test",
    path: "/",
    body: "a",
    noLength: true,
    fields: evil([...REFUSED, ...PASSED]),
    trailers: evil([...REFUSED_TRAILERS.filter((name) => name.includes("_")), ...PASSED]),
  });
  expect(answer.status).toBe(200);
  const [received] = upstream.requests;
  expect(namesOf(received.fields).sort()).toEqual(lower(PASSED).sort());
  expect(namesOf(received.trailers).sort()).toEqual(lower(PASSED).sort());
});
