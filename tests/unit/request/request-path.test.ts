import { describe, expect, test } from "bun:test";
import { denyEncodedCharacters } from "../../../src/http/encoded-characters.ts";
import type { Handler } from "../../../src/http/handler.ts";
import { LazyRequest } from "../../../src/http/lazy/lazy-request.ts";
import { type RequestPathOptions, requestPath } from "../../../src/request/request-path.ts";
import { type MadeRequest, makeRequest } from "../../support/http/make-request.ts";

const DEFAULTS: RequestPathOptions = {
  sanitizePath: true,
  encodeQuerySemicolons: false,
  underscoreHeadersStrategy: "keep",
};

async function run(made: MadeRequest, options = DEFAULTS) {
  const { request, exchange } = makeRequest(made);
  let seen: LazyRequest | null = null;
  const handler: Handler = (passed) => {
    seen = LazyRequest.of(passed);
    return new Response(null, { status: 204 });
  };
  const response = await requestPath(options)(handler)(request, exchange);
  return {
    status: response.status,
    body: await response.text(),
    seen: seen as LazyRequest | null,
    exchange,
  };
}

describe("requestPath", () => {
  test("leaves a plain target as it is", async () => {
    const { seen, exchange } = await run({ target: "/a/b?c=d" });
    expect([seen?.target, exchange.normalTarget, exchange.routingPath, exchange.target]).toEqual([
      "/a/b?c=d",
      "/a/b?c=d",
      "/a/b",
      "/a/b?c=d",
    ]);
  });

  test("rewrites what is not normal, and keeps the target as received", async () => {
    const { seen, exchange } = await run({ target: "/x/..//foo%20bar%2fb%41z?c;d" });
    expect([seen?.target, exchange.normalTarget, exchange.routingPath, exchange.target]).toEqual([
      "/foo%20bar%2FbAz?c&d",
      "/foo%20bar%2FbAz?c&d",
      "/foo bar%2FbAz",
      "/x/..//foo%20bar%2fb%41z?c;d",
    ]);
  });

  test("asterisk and authority forms have no path", async () => {
    const asterisk = await run({ method: "OPTIONS", target: "*" });
    expect([asterisk.seen?.target, asterisk.exchange.routingPath]).toEqual(["*", "*"]);
    const connect = await run({ method: "CONNECT", target: "example.com:443" });
    expect([connect.seen?.target, connect.exchange.routingPath]).toEqual(["example.com:443", ""]);
  });

  for (const target of ["/a#b", "/%zz", "example.com:443", "/a\u0001"]) {
    test(`400 for ${JSON.stringify(target)}`, async () => {
      const { status, body, seen } = await run({ target });
      expect([status, body, seen]).toEqual([400, "", null]);
    });
  }

  describe("fields with underscores", () => {
    const headers = [
      ["X_Forwarded_For", "1.2.3.4"],
      ["Accept", "*/*"],
      ["a_", "b"],
      ["a-b", "c"],
    ] as const;
    const names = (seen: LazyRequest | null) =>
      [...seen!.headerList.entries()].map(([name]) => name);
    test("keep", async () => {
      expect(names((await run({ headers })).seen)).toEqual([
        "X_Forwarded_For",
        "Accept",
        "a_",
        "a-b",
      ]);
    });
    test("delete", async () => {
      const { seen } = await run({ headers }, { ...DEFAULTS, underscoreHeadersStrategy: "delete" });
      expect(names(seen)).toEqual(["Accept", "a-b"]);
    });
    test("reject", async () => {
      const reject: RequestPathOptions = { ...DEFAULTS, underscoreHeadersStrategy: "reject" };
      const refused = await run({ headers }, reject);
      expect([refused.status, refused.body, refused.seen]).toEqual([400, "Bad Request\n", null]);
      expect((await run({ headers: [["a-b", "c"]] }, reject)).status).toBe(204);
    });
  });

  test("a native Request works as well", async () => {
    const { exchange } = makeRequest();
    let target = "";
    const handler = requestPath(DEFAULTS)((request) => {
      target = LazyRequest.of(request).target;
      return new Response("ok");
    });
    await handler(new Request("http://example.com/a//b?c;d"), exchange);
    expect([target, exchange.routingPath]).toEqual(["/a/b?c&d", "/a/b"]);
  });
});

describe("denyEncodedCharacters", () => {
  const ALLOW = {
    allowEncodedSlash: true,
    allowEncodedBackSlash: true,
    allowEncodedNullCharacter: true,
    allowEncodedSemicolon: true,
    allowEncodedPercent: true,
    allowEncodedQuestionMark: true,
    allowEncodedHash: true,
  };
  const answer: Handler = () => new Response("routed");
  const each: [key: keyof typeof ALLOW, target: string][] = [
    ["allowEncodedSlash", "/a%2fb"],
    ["allowEncodedBackSlash", "/a%5Cb"],
    ["allowEncodedBackSlash", "/a\\b"],
    ["allowEncodedNullCharacter", "/a%00"],
    ["allowEncodedSemicolon", "/%3b"],
    ["allowEncodedPercent", "/%252F"],
    ["allowEncodedQuestionMark", "/a%3F"],
    ["allowEncodedHash", "/a%23b"],
  ];
  for (const [key, target] of each) {
    test(`${key} ${target}`, async () => {
      for (const allowed of [true, false]) {
        const { request, exchange } = makeRequest({ target });
        const handler = requestPath(DEFAULTS)(
          denyEncodedCharacters({ ...ALLOW, [key]: allowed })(answer),
        );
        expect((await handler(request, exchange)).status).toBe(allowed ? 200 : 400);
      }
    });
  }

  test("looks at the path only, and at whole triplets", async () => {
    const none = Object.fromEntries(Object.keys(ALLOW).map((key) => [key, false])) as typeof ALLOW;
    for (const target of ["/a?b=%2F%00", "/a%20b", "/%C3%A9"]) {
      const { request, exchange } = makeRequest({ target });
      const handler = requestPath(DEFAULTS)(denyEncodedCharacters(none)(answer));
      expect((await handler(request, exchange)).status).toBe(200);
    }
    const { request, exchange } = makeRequest({ target: "/%252F" });
    const handler = requestPath(DEFAULTS)(
      denyEncodedCharacters({ ...ALLOW, allowEncodedSlash: false })(answer),
    );
    expect((await handler(request, exchange)).status).toBe(200);
  });

  test("everything allowed costs nothing", () => {
    expect(denyEncodedCharacters(ALLOW)(answer)).toBe(answer);
  });
});
