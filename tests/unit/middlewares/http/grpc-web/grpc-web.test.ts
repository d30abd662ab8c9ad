import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Body } from "../../../../../src/http/body.ts";
import type { LazyRequest } from "../../../../../src/http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { grpcWeb } from "../../../../../src/middlewares/http/grpc-web/grpc-web.ts";
import { HeaderList } from "../../../../../src/wire/header-list.ts";
import { makeRequest } from "../../../../support/http/make-request.ts";
import { apply, make } from "../apply.ts";

const link = (allowOrigins: string[] = ["*"]) => make(grpcWeb, { allowOrigins });
const SOURCE = { pauseBody() {}, resumeBody() {}, cancelBody() {} };

/** A gRPC answer whose body comes in these pieces. */
function grpcAnswer(
  pieces: readonly Uint8Array[],
  trailers: [string, string][] = [["grpc-status", "0"]],
) {
  const body = new Body(SOURCE, -1);
  for (const piece of pieces) if (piece.length > 0) body.push(piece, 0, piece.length);
  body.finish(HeaderList.from(trailers));
  const headers = HeaderList.from([
    ["content-type", "application/grpc+proto"],
    ["x-one", "1"],
  ]);
  return new LazyResponse(200, headers, body);
}

const frameOf = (text: string) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x80, 0, 0, 0, bytes.length]), bytes]);
};

/** Base64 in which each piece may be padded. */
const unpadded = (text: string) =>
  Buffer.concat((text.match(/[^=]+={0,2}/g) ?? []).map((part) => Buffer.from(part, "base64")));

/** Sends a body in pieces; what the service got of it, and the answer. */
async function call(
  type: string,
  pieces: readonly string[],
  answer = () => grpcAnswer([Uint8Array.of(0, 0, 0, 0, 1, 65)]),
  headers: readonly (readonly [string, string])[] = [],
) {
  const { lazy, exchange } = makeRequest({
    method: "POST",
    headers: [["Content-Type", type], ["Content-Length", "9"], ...headers],
  });
  const body = new Body(SOURCE, 9);
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, "latin1");
    if (bytes.length > 0) body.push(bytes, 0, bytes.length);
  }
  body.finish();
  lazy.setBody(body);
  let received: Promise<Uint8Array> | undefined;
  const response = await link()((request) => {
    received = (request as LazyRequest).bytes();
    return answer();
  })(lazy, exchange);
  return { lazy, response, received: Buffer.from((await received) ?? []) };
}

describe("grpcWeb", () => {
  test("binary: the type changes, and trailers become a frame", async () => {
    const { lazy, response, received } = await call("application/grpc-web+proto", ["\0\0\0\0\0"]);
    expect(received.toString("hex")).toBe("0000000000");
    expect(lazy.headerList.get("content-type")).toBe("application/grpc+proto");
    expect(lazy.headerList.get("content-length")).toBe("9");
    expect(response.headers.get("content-type")).toBe("application/grpc-web+proto");
    expect(response.headers.get("access-control-expose-headers")).toBe(
      "x-one, Content-Type, grpc-status, grpc-message",
    );
    const bytes = Buffer.from(await response.bytes());
    expect(bytes.subarray(0, 6).toString("hex")).toBe("000000000141");
    expect(bytes.subarray(6)).toEqual(frameOf("grpc-status: 0\r\n"));
  });

  test("text: both bodies are base64", async () => {
    const { lazy, response, received } = await call("application/grpc-web-text", [
      "AAAA",
      "AAFB",
      "AA==AAE=",
    ]);
    expect(received.toString("hex")).toBe("0000000001410000" + "01");
    expect(lazy.headerList.get("content-type")).toBe("application/grpc");
    expect(lazy.headerList.has("content-length")).toBe(false);
    expect(response.headers.get("content-type")).toBe("application/grpc-web-text+proto");
    const bytes = unpadded(await response.text());
    expect(bytes.subarray(6)).toEqual(frameOf("grpc-status: 0\r\n"));
  });

  test("text, whatever its pieces, is the same behind the codec", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }),
        fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 7 }),
        async (sent, answered, cut) => {
          const text = sent.map((piece) => Buffer.from(piece).toString("base64")).join("");
          const pieces = text.match(new RegExp(`.{1,${cut}}`, "g")) ?? [];
          const { received, response } = await call("application/grpc-web-text", pieces, () =>
            grpcAnswer(answered),
          );
          expect(received.equals(Buffer.concat(sent))).toBe(true);
          const expected = Buffer.concat([...answered, frameOf("grpc-status: 0\r\n")]);
          expect(unpadded(await response.text()).equals(expected)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("trailers are sorted, in lower case; there is a frame even without any", async () => {
    const failed = () =>
      grpcAnswer(
        [],
        [
          ["Grpc-Status", "5"],
          ["grpc-message", "no"],
          ["a-bin", "AA"],
        ],
      );
    const { response } = await call("application/grpc-web", [], failed);
    expect(Buffer.from(await response.bytes())).toEqual(
      frameOf("a-bin: AA\r\ngrpc-message: no\r\ngrpc-status: 5\r\n"),
    );
    const bare = await call(
      "application/grpc-web",
      [],
      () => new LazyResponse(200, new HeaderList(), null),
    );
    expect(Buffer.from(await bare.response.bytes())).toEqual(frameOf(""));
  });

  test("a body that is no base64 breaks off", async () => {
    for (const text of ["A*AA", "AAA", "=AAA"])
      expect(call("application/grpc-web-text", [text])).rejects.toThrow("no base64");
  });

  test("origins: those that are allowed, and only those", async () => {
    const answer = async (allowed: string[], origin: string) => {
      const headers = [
        ["Content-Type", "application/grpc-web"],
        ["Origin", origin],
      ] as const;
      const { response } = await apply(link(allowed), { method: "POST", headers }, () =>
        grpcAnswer([]),
      );
      return [
        response.headers.get("access-control-allow-origin"),
        response.headers.get("access-control-allow-credentials"),
        response.headers.get("vary"),
      ];
    };
    expect(await answer(["*"], "https://a.test")).toEqual(["https://a.test", "true", "Origin"]);
    expect(await answer(["https://a.test"], "https://a.test")).toEqual([
      "https://a.test",
      "true",
      "Origin",
    ]);
    expect(await answer(["https://a.test"], "https://b.test")).toEqual([null, null, "Origin"]);
    expect(await answer([], "https://a.test")).toEqual([null, null, "Origin"]);
  });

  test("a preflight is answered, for allowed origins with what they may", async () => {
    const ask = (origin: string) =>
      apply(link(["https://a.test"]), {
        method: "OPTIONS",
        headers: [
          ["Origin", origin],
          ["Access-Control-Request-Method", "POST"],
          ["Access-Control-Request-Headers", "x-grpc-web, content-type"],
        ],
      });
    const { response, reached } = await ask("https://a.test");
    expect([reached, response.status]).toEqual([false, 200]);
    expect(Object.fromEntries(response.headers)).toEqual({
      "access-control-allow-credentials": "true",
      "access-control-allow-headers": "x-grpc-web, content-type",
      "access-control-allow-methods": "POST",
      "access-control-allow-origin": "https://a.test",
      "access-control-max-age": "600",
      vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    });
    const other = await ask("https://b.test");
    expect(other.response.headers.get("access-control-allow-origin")).toBe(null);
    expect(other.response.status).toBe(200);
  });

  test("everything else goes on as it is", async () => {
    for (const made of [
      { method: "GET", headers: [["Content-Type", "application/grpc-web"]] as const },
      { method: "POST", headers: [["Content-Type", "application/grpc"]] as const },
      { method: "OPTIONS", headers: [["Access-Control-Request-Headers", "x-other"]] as const },
    ]) {
      const { reached, response } = await apply(link(), made);
      expect(reached).toBe(true);
      expect(response.headers.get("access-control-expose-headers")).toBe(null);
    }
  });
});
