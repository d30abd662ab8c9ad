import { afterAll, describe, expect, test } from "bun:test";
import { ProxyError } from "../../../../../src/core/errors.ts";
import { Body } from "../../../../../src/http/body.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { forwardAuth } from "../../../../../src/middlewares/http/auth/forward/forward-auth.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { HeaderList } from "../../../../../src/wire/header-list.ts";
import { makeCertificate } from "../../../../support/certificates.ts";
import type { HttpRequest } from "../../../../support/http/http-request.ts";
import { type MadeRequest, makeRequest, TLS } from "../../../../support/http/make-request.ts";
import { startUpstream } from "../../../../support/sockets/recording-upstream.ts";
import {
  answering,
  plain,
  sendingThenStalling,
} from "../../../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../../../support/wait-for.ts";
import { silentLogger } from "../../../core/silent-logger.ts";
import { type Applied, apply, makeWith } from "../apply.ts";
import { SocketClient } from "../socket-client.ts";

type Options = HttpMiddlewareOptions<"forwardAuth">;

using client = new SocketClient();
const auth = startUpstream(answering((request) => answer(request)));
afterAll(() => auth.stop());
let answer: (request: HttpRequest) => string | Uint8Array = () => plain("");

const ALLOWED = () => plain("", "200 OK");

/** A request through forwardAuth, what the auth server was asked, and its answer. */
async function ask(
  options: Partial<Options>,
  made: MadeRequest = {},
  answers: typeof answer = ALLOWED,
  service?: () => Response,
): Promise<Applied & { question: HttpRequest }> {
  answer = answers;
  const before = auth.requests.length;
  const middleware = await makeWith(
    forwardAuth,
    { address: `${auth.url}/verify?a=b`, ...options },
    { client: client.client, deadlines: client.deadlines },
  );
  const applied = await apply(middleware, made, service);
  return { ...applied, question: auth.requests[before] };
}

const fieldsOf = ({ fields }: HttpRequest) =>
  Object.fromEntries(fields.map(([name, value]) => [name, value]));

describe("forwardAuth asks", () => {
  test("with GET, the client's fields and what it must know of the request", async () => {
    const { question, reached } = await ask(
      {},
      {
        method: "POST",
        target: "/shop?q=1",
        host: "shop.test:8080",
        body: "not sent along",
        headers: [
          ["Cookie", "a=b"],
          ["X-Own", "1"],
          ["Content-Type", "text/plain"],
          ["Transfer-Encoding", "chunked"],
          ["TE", "trailers"],
        ],
      },
    );
    expect(reached).toBe(true);
    expect([question.method, question.target, question.text]).toEqual(["GET", "/verify?a=b", ""]);
    expect(fieldsOf(question)).toEqual({
      Host: `127.0.0.1:${auth.port}`,
      Cookie: "a=b",
      "X-Own": "1",
      "Content-Type": "text/plain",
      "X-Forwarded-For": "192.0.2.7",
      "X-Forwarded-Method": "POST",
      "X-Forwarded-Proto": "http",
      "X-Forwarded-Host": "shop.test:8080",
      "X-Forwarded-Uri": "/shop?q=1",
    });
  });

  test("what proxies before said goes by trustForwardHeader, which has three states", async () => {
    const headers: [string, string][] = [
      ["X-Forwarded-For", "203.0.113.9"],
      ["X-Forwarded-Proto", "wss"],
      ["X-Forwarded-Host", "outer.test"],
      ["X-Forwarded-Uri", "/outer"],
      ["X-Forwarded-Method", "PUT"],
      ["X-Forwarded-Port", "8443"],
      ["X-Forwarded-Prefix", "/p"],
    ];
    const made = { target: "/in", headers };
    const own = {
      "X-Forwarded-Method": "GET",
      "X-Forwarded-Proto": "http",
      "X-Forwarded-Host": "example.com",
      "X-Forwarded-Uri": "/in",
    };
    const host = { Host: `127.0.0.1:${auth.port}` };
    const peer = { "X-Forwarded-For": "192.0.2.7" };
    const rest = { "X-Forwarded-Port": "8443", "X-Forwarded-Prefix": "/p" };
    const cases: [Partial<Options>, Record<string, string>][] = [
      [{}, { ...host, ...peer, ...own, ...rest }],
      [{ trustForwardHeader: false }, { ...host, ...peer, ...own }],
      [
        { trustForwardHeader: true },
        {
          ...host,
          ...Object.fromEntries(headers),
          "X-Forwarded-For": "203.0.113.9, 192.0.2.7",
        },
      ],
      // Trusted ones needn't be listed.
      [
        { trustForwardHeader: true, authRequestHeaders: ["Accept"] },
        {
          ...host,
          ...Object.fromEntries(headers),
          "X-Forwarded-For": "203.0.113.9, 192.0.2.7",
        },
      ],
      [{ authRequestHeaders: ["Accept"] }, { ...host, ...peer, ...own }],
    ];
    for (const [options, expected] of cases)
      expect([options, fieldsOf((await ask(options, made)).question)]).toEqual([options, expected]);
    const missing = (await ask({ trustForwardHeader: true }, { target: "/in" })).question;
    expect(fieldsOf(missing)).toEqual({ ...host, ...peer, ...own });
    const overTls = (await ask({}, { ...made, tls: TLS })).question;
    expect(overTls.header("x-forwarded-proto")).toBe("https");
  });

  test("with the listed fields alone where there are such", async () => {
    const headers: [string, string][] = [
      ["accept", "a/b"],
      ["Accept", "c/d"],
      ["Cookie", "a=b"],
      ["User-Agent", "test"],
    ];
    const { question } = await ask({ authRequestHeaders: ["Accept", "X-None"] }, { headers });
    const kept = question.fields.filter(([name]) => !/^(host|x-forwarded)/i.test(name));
    expect(kept).toEqual([
      ["accept", "a/b"],
      ["Accept", "c/d"],
    ]);
  });

  test("with the request's method and body where it is to, and both reach the service too", async () => {
    const options = { preserveRequestMethod: true, forwardBody: true, maxBodySize: 5 };
    const { question, lazy } = await ask(options, { method: "PUT", body: "12345" });
    expect([question.method, question.text, question.header("content-length")]).toEqual([
      "PUT",
      "12345",
      "5",
    ]);
    expect(lazy.takeBody()!.length).toBe(5);
    expect(await lazy.text()).toBe("12345");

    const body = new Body({ pauseBody() {}, resumeBody() {}, cancelBody() {} }, -1);
    body.push(new Uint8Array([0x61]), 0, 1);
    const trailers = HeaderList.from([["X-Sum", "1"]]);
    body.finish(trailers);
    const streamed = (await ask({ forwardBody: true }, { method: "POST", body })).lazy.takeBody()!;
    expect([streamed.length, streamed.trailers]).toEqual([-1, trailers]);
  });

  test("a larger body than maxBodySize is an empty 401, as in Traefik", async () => {
    const options = { forwardBody: true, maxBodySize: 4 };
    const { reached, response, question } = await ask(options, { method: "PUT", body: "12345" });
    expect([reached, response.status, await response.text()]).toEqual([false, 401, ""]);
    expect(question).toBeUndefined();
  });

  test("with the user of the address where the client sends no credentials", async () => {
    const address = auth.url.replace("//", "//an%20n:secret@");
    const { question } = await ask({ address });
    expect(question.header("authorization")).toBe(`Basic ${btoa("an n:secret")}`);
    const headers: [string, string][] = [["Authorization", "Bearer x"]];
    expect((await ask({ address }, { headers })).question.header("authorization")).toBe("Bearer x");
  });

  test("and lets an upgrade pass", async () => {
    const headers: [string, string][] = [
      ["Connection", "Upgrade"],
      ["Upgrade", "websocket"],
    ];
    const { question, lazy, reached } = await ask({}, { headers, upgrade: "websocket" });
    expect([reached, lazy.upgrade]).toEqual([true, "websocket"]);
    expect(question.header("upgrade")).toBeUndefined();
  });
});

describe("forwardAuth, where the server lets the request pass", () => {
  test("fields of its answer take the place of the request's", async () => {
    const headers: [string, string][] = [
      ["x-user", "root"],
      ["X-Group", "wheel"],
      ["X-Auth-A", "forged"],
      ["X-Auth-B", "forged"],
      ["X-Own", "kept"],
    ];
    const { lazy } = await ask(
      { authResponseHeaders: ["x-user", "X-Group"], authResponseHeadersRegex: "^X-Auth-" },
      { headers },
      () =>
        plain("", "204 No Content", ["X-User: ann", "X-User: bob", "x-auth-a: 1", "X-Other: 2"]),
    );
    expect([...lazy.headerList.entries()]).toEqual([
      ["X-Own", "kept"],
      ["X-User", "ann"],
      ["X-User", "bob"],
      ["X-Auth-A", "1"],
    ]);
  });

  test("listed cookies take the place of the service's; its others stay as they are", async () => {
    const { response } = await ask(
      { addAuthCookiesToResponse: ["session", "extra"] },
      {},
      () =>
        plain("", "200 OK", [
          "Set-Cookie: session=new; Path=/",
          "Set-Cookie: unlisted=1",
          "Set-Cookie: extra=2",
        ]),
      () =>
        new LazyResponse(
          200,
          HeaderList.from([
            ["Set-Cookie", "session=old"],
            ["Set-Cookie", "odd = value;  HTTPonly"],
          ]),
          null,
        ),
    );
    expect(LazyResponse.of(response).headerList.all("set-cookie")).toEqual([
      "odd = value;  HTTPonly",
      "session=new; Path=/",
      "extra=2",
    ]);
  });

  test("headerField names the user for the log, and only there", async () => {
    const { exchange, lazy } = await ask({ headerField: "X-User" }, {}, () =>
      plain("", "200 OK", ["X-User: ann"]),
    );
    expect(exchange.clientUsername).toBe("ann");
    expect(lazy.headerList.has("x-user")).toBe(false);
  });

  test("nothing of its body is kept, whatever its size", async () => {
    const { reached } = await ask({}, {}, () => plain("x".repeat(500_000)));
    expect(reached).toBe(true);
  });
});

describe("forwardAuth, where it doesn't", () => {
  const refuse =
    (status: string, fields: string[] = [], body = "no") =>
    () =>
      plain(body, status, fields);

  test("the answer is the client's, without what ends at the next hop", async () => {
    const { reached, response } = await ask(
      {},
      {},
      refuse("403 Away With You", [
        "X-Why: rules",
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
        "Keep-Alive: 5",
      ]),
    );
    expect(reached).toBe(false);
    expect([response.status, response.statusText, await response.text()]).toEqual([
      403,
      "Away With You",
      "no",
    ]);
    expect([...LazyResponse.of(response).headerList.entries()]).toEqual([
      ["Content-Length", "2"],
      ["X-Why", "rules"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ]);
  });

  test("Location is made absolute by the address, unless it is to stay", async () => {
    const cases: [Partial<Options>, string, string][] = [
      [{}, "/login?x", `${auth.url}/login?x`],
      [{}, "login", `${auth.url}/login`],
      [{}, "//other.test/a", "http://other.test/a"],
      [{}, "https://other.test", "https://other.test"],
      [{ preserveLocationHeader: true }, "/login", "/login"],
    ];
    for (const [options, location, expected] of cases) {
      const { response } = await ask(options, {}, refuse("302 Found", [`Location: ${location}`]));
      expect([location, response.status, response.headers.get("location")]).toEqual([
        location,
        302,
        expected,
      ]);
    }
  });

  test("authSigninURL turns a 401, and only that, into a redirect", async () => {
    const options = { authSigninURL: "https://login.test/?from={url}" };
    const { response } = await ask(options, {}, refuse("401 Unauthorized"));
    expect([response.status, response.headers.get("location"), await response.text()]).toEqual([
      302,
      "https://login.test/?from={url}",
      "",
    ]);
    expect((await ask(options, {}, refuse("403 Forbidden"))).response.status).toBe(403);
  });

  test("an answer above maxResponseBodySize is an empty 401", async () => {
    const options = { maxResponseBodySize: 3 };
    const { response } = await ask(options, {}, refuse("403 Forbidden", [], "1234"));
    expect([response.status, await response.text()]).toEqual([401, ""]);
    const fits = await ask(options, {}, refuse("403 Forbidden", [], "123"));
    expect([fits.response.status, await fits.response.text()]).toEqual([403, "123"]);
    expect((await ask(options, {}, () => plain("1234"))).response.status).toBe(401);
  });
});

describe("forwardAuth without an answer", () => {
  const through = async (address: string, made: MadeRequest = {}) => {
    const context = { client: client.client, deadlines: client.deadlines };
    return apply(await makeWith(forwardAuth, { address }, context), made);
  };

  test("is an empty 500", async () => {
    for (const script of ["HTTP/1.1 2", "HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\ncut"]) {
      using broken = startUpstream(async (connection) => {
        await connection.request();
        await connection.send(script);
        connection.close();
      });
      const { reached, response } = await through(broken.url);
      expect([script, reached, response.status, await response.text()]).toEqual([
        script,
        false,
        500,
        "",
      ]);
    }
    using gone = startUpstream(() => {});
    gone.stop();
    const { reached, response } = await through(gone.url);
    expect([reached, response.status]).toEqual([false, 500]);
  });

  test("lets go of the question when the client goes away", async () => {
    using slow = startUpstream(
      sendingThenStalling("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nslow"),
    );
    const context = { client: client.client, deadlines: client.deadlines };
    const middleware = await makeWith(forwardAuth, { address: slow.url }, context);
    const { request, exchange } = makeRequest();
    const pending = middleware(() => new Response())(request, exchange);
    const connection = await slow.connection(0);
    await waitFor("the question", () => connection.requests.length === 1);
    exchange.abort(new ProxyError("client-gone", "downstream", "gone"));
    expect((await pending).status).toBe(499);
    await connection.ended();
  });
});

test("the server's certificate is checked against `ca`, and it may ask for one", async () => {
  const ca = makeCertificate({ name: "ca", ca: true });
  const own = makeCertificate({ name: "auth", issuer: ca, names: ["IP:127.0.0.1"] });
  const mine = makeCertificate({ name: "mine", issuer: ca });
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: {
      cert: own.certificate,
      key: own.key,
      ca: ca.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    },
    fetch: () => new Response(),
  });
  const address = `https://127.0.0.1:${server.port}/`;
  const statusWith = async (tls: Options["tls"]) => {
    const context = { client: client.client, deadlines: client.deadlines };
    return (await apply(await makeWith(forwardAuth, { address, tls }, context))).response.status;
  };
  const pair = { cert: mine.certificate, key: mine.key };
  expect(await statusWith({ ca: ca.certificate, ...pair })).toBe(200);
  expect(await statusWith({ insecureSkipVerify: true, ...pair })).toBe(200);
  expect(await statusWith({ ca: ca.certificate })).toBe(500);
  expect(await statusWith({ ...pair })).toBe(500);
  await expect(statusWith({ cert: mine.certificate })).rejects.toThrow("cert and key go together");
  await expect(statusWith({ ca: "nonsense\n" })).rejects.toThrow("tls: ca");
});

test("what can't be right is said", async () => {
  const wrong: [Partial<Options>, string][] = [
    [
      { address: undefined },
      'address: expected a URL such as http://auth.internal/verify, found ""',
    ],
    [{ address: "auth.test/verify" }, 'found "auth.test/verify"'],
    [{ authResponseHeaders: ["a b"] }, "expected a header name"],
    [{ authResponseHeadersRegex: "(" }, "regular expression"],
  ];
  for (const [options, message] of wrong) await expect(ask(options)).rejects.toThrow(message);
  const warnings: string[] = [];
  const logger = silentLogger({ warn: (message) => void warnings.push(message) });
  const context = { client: client.client, logger };
  await makeWith(forwardAuth, { address: auth.url, forwardBody: true }, context);
  expect(warnings).toHaveLength(2);
});
