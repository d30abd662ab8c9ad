import { describe, expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { loadCodecs } from "../../../../../runtime/node/engine/codecs.ts";
import { Body, type BodySource } from "../../../../../src/http/body.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { compress } from "../../../../../src/middlewares/http/compress/compress.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { HeaderList } from "../../../../../src/wire/header-list.ts";
import type { MadeRequest } from "../../../../support/http/make-request.ts";
import { waitFor } from "../../../../support/wait-for.ts";
import { apply, middlewareContext } from "../apply.ts";

const codecs = await loadCodecs();
const DECODERS: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};
const LONG = "hello, compression! ".repeat(200);

async function link(options: HttpMiddlewareOptions<"compress"> = {}) {
  const context = middlewareContext({ codecs: async () => codecs });
  return (await compress.create(options, context, { fingerprint: null })).middleware;
}

const answer =
  (headers: Record<string, string> = {}, body: string | null = LONG, status = 200) =>
  () =>
    new LazyResponse(
      status,
      HeaderList.from(Object.entries(headers)),
      body === null ? null : Body.of(new TextEncoder().encode(body)),
    );

const accepting = (value: string): MadeRequest => ({ headers: [["Accept-Encoding", value]] });

/** Content-Encoding, "" for none; the body is checked. */
async function codingOf(
  request: MadeRequest,
  options: HttpMiddlewareOptions<"compress"> = {},
  answered = answer(),
): Promise<string> {
  const { response } = await apply(await link(options), request, answered);
  const coding = response.headers.get("content-encoding") ?? "";
  const bytes = new Uint8Array(await response.arrayBuffer());
  const decoded = DECODERS[coding]?.(bytes) ?? bytes;
  const expected = await answered().text();
  expect(new TextDecoder().decode(decoded)).toBe(expected);
  return coding;
}

describe("the coding", () => {
  test.each([
    ["gzip", "gzip"],
    ["br", "br"],
    ["zstd", "zstd"],
    ["GZIP", "gzip"],
    ["zstd, br", "br"],
    ["gzip;q=0.5, br;q=0.9", "br"],
    ["gzip;q=0.5, zstd;q=0.5", "gzip"],
    ["gzip;q=0, zstd;q=0.1", "zstd"],
    ["deflate, foo", ""],
    ["", ""],
    ["identity", ""],
    ["identity;q=1, gzip;q=0.5", ""],
    ["identity;q=0.5, gzip;q=1", "gzip"],
    ["*", "gzip"],
    ["*;q=0", ""],
    ["gzip;q=0, *", "br"],
    ["gzip;q=x", ""],
    ["br; q=0.1 , gzip ; q=0.2", "gzip"],
  ])("for %p is %p", async (field, coding) => {
    expect(await codingOf(accepting(field))).toBe(coding);
  });

  test("without Accept-Encoding is the default one, and none without that", async () => {
    expect(await codingOf({})).toBe("");
    for (const defaultEncoding of ["gzip", "br", "zstd"])
      expect(await codingOf({}, { defaultEncoding })).toBe(defaultEncoding);
    expect(await codingOf(accepting("*"), { defaultEncoding: "zstd" })).toBe("zstd");
    expect(await codingOf(accepting("*, gzip"), { defaultEncoding: "zstd" })).toBe("zstd");
    expect(await codingOf(accepting("*, zstd;q=0"), { defaultEncoding: "zstd" })).toBe("gzip");
  });

  test("is one of `encodings`, in their order", async () => {
    expect(await codingOf(accepting("gzip, br, zstd"), { encodings: ["zstd", "br"] })).toBe("zstd");
    expect(await codingOf(accepting("gzip"), { encodings: ["br"] })).toBe("");
  });
});

describe("what stays as it is", () => {
  test.each<[string, Record<string, string>, HttpMiddlewareOptions<"compress">]>([
    ["encoded already", { "Content-Encoding": "br" }, {}],
    ["a part", { "Content-Range": "bytes 0-9/100" }, {}],
    ["gRPC", { "Content-Type": "application/grpc+proto" }, {}],
    ["no-transform", { "Cache-Control": "public, no-transform" }, {}],
    [
      "an excluded type",
      { "Content-Type": "Image/PNG; a=b" },
      { excludedContentTypes: ["image/png"] },
    ],
    [
      "a type that isn't included",
      { "Content-Type": "text/css" },
      { includedContentTypes: ["text/html"] },
    ],
    ["a type that isn't one", { "Content-Type": "(none)" }, {}],
    ["a short one", {}, { minResponseBodyBytes: 100_000 }],
  ])("%s", async (_, headers, options) => {
    const { response } = await apply(await link(options), accepting("gzip"), answer(headers));
    expect(response.headers.get("content-encoding") ?? "").toBe(headers["Content-Encoding"] ?? "");
    expect(response.headers.get("vary")).toBe("Accept-Encoding");
    expect(await response.text()).toBe(LONG);
  });

  test.each([
    ["included", { "Content-Type": "text/html;charset=utf-8" }],
    ["missing", {}],
  ])("not: a type that is %s", async (_, headers) => {
    const options = { includedContentTypes: ["text/html"] };
    expect(await codingOf(accepting("gzip"), options, answer(headers))).toBe("gzip");
  });

  test("bodies below 1024 bytes, and those without one", async () => {
    expect(await codingOf(accepting("gzip"), {}, answer({}, "a".repeat(1023)))).toBe("");
    expect(await codingOf(accepting("gzip"), {}, answer({}, "a".repeat(1024)))).toBe("gzip");
    expect(await codingOf(accepting("gzip"), { minResponseBodyBytes: 2 }, answer({}, "ab"))).toBe(
      "gzip",
    );
    for (const status of [204, 304])
      expect(await codingOf(accepting("gzip"), {}, answer({}, null, status))).toBe("");
  });

  test("answers to HEAD and to requests of an excluded type, without Vary", async () => {
    for (const request of [
      { ...accepting("gzip"), method: "HEAD" },
      {
        headers: [
          ["Accept-Encoding", "gzip"],
          ["Content-Type", "application/grpc"],
        ] as const,
      },
    ]) {
      const { response } = await apply(await link(), request, answer());
      expect(response.headers.get("vary")).toBe(null);
      expect(response.headers.get("content-encoding")).toBe(null);
    }
  });

  test("a response that says No-Gzip-Compression, which goes", async () => {
    const opted = answer({ "No-Gzip-Compression": "1" });
    const { response } = await apply(await link(), accepting("gzip"), opted);
    expect([...response.headers]).toEqual([["vary", "Accept-Encoding"]]);
  });
});

test("fields are those of the encoded body", async () => {
  const plain = answer({
    ETag: '"a"',
    "Accept-Ranges": "bytes",
    "Content-Length": String(LONG.length),
    Vary: "Origin",
    "Content-Type": "text/plain",
  });
  const { response, exchange } = await apply(await link(), accepting("gzip"), plain);
  expect([...response.headers].sort()).toEqual([
    ["content-encoding", "gzip"],
    ["content-type", "text/plain"],
    ["etag", '"a"'],
    ["vary", "Origin, Accept-Encoding"],
  ]);
  expect(exchange.originBytes).toBe(LONG.length);
  expect((response as LazyResponse).takeBody()!.length).toBeLessThan(200);
  const varying = await apply(await link(), accepting("gzip"), answer({ Vary: "accept-encoding" }));
  expect(varying.response.headers.get("vary")).toBe("accept-encoding");
});

describe("a body that comes bit by bit", () => {
  /** A body that a test feeds. */
  function fed() {
    const calls: string[] = [];
    const source: BodySource = {
      pauseBody: () => void calls.push("pause"),
      resumeBody: () => void calls.push("resume"),
      cancelBody: () => void calls.push("cancel"),
    };
    const body = new Body(source, -1);
    return { body, calls };
  }

  test.each(["gzip", "br", "zstd"])("%s: each event goes on at once", async (coding) => {
    const { body } = fed();
    const { response } = await apply(
      await link(),
      accepting(coding),
      () => new LazyResponse(200, HeaderList.from([["Content-Type", "text/event-stream"]]), body),
    );
    expect(response.headers.get("content-encoding")).toBe(coding);
    const reader = response.body!.getReader();
    const got: Uint8Array[] = [];
    for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
      const bytes = new TextEncoder().encode(event);
      const before = got.length;
      const read = reader.read();
      body.push(bytes, 0, bytes.length);
      body.flush();
      got.push((await read).value!);
      expect(got.length).toBeGreaterThan(before);
    }
    body.finish();
    for (let part = await reader.read(); !part.done; part = await reader.read())
      got.push(part.value);
    const all = new Uint8Array(await new Blob(got as BlobPart[]).arrayBuffer());
    expect(new TextDecoder().decode(DECODERS[coding](all))).toBe("data: 1\n\ndata: 2\n\n");
  });

  test("whatever its pieces, it is the same behind the encoder", async () => {
    const made = await link();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("gzip", "br", "zstd"),
        fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 3000 }), fc.boolean()), {
          maxLength: 12,
        }),
        async (coding, pieces) => {
          const { body } = fed();
          const { response } = await apply(
            made,
            accepting(coding),
            () => new LazyResponse(200, new HeaderList(), body),
          );
          const read = response.arrayBuffer();
          for (const [bytes, flushed] of pieces) {
            body.push(bytes, 0, bytes.length);
            if (flushed) body.flush();
            await null;
          }
          body.finish();
          const decoded = DECODERS[coding](new Uint8Array(await read));
          expect(Buffer.concat(pieces.map(([bytes]) => bytes)).equals(decoded)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a reader that takes nothing holds its source up, and one that leaves ends it", async () => {
    const { body, calls } = fed();
    const { response } = await apply(
      await link(),
      accepting("gzip"),
      () => new LazyResponse(200, new HeaderList(), body),
    );
    const encoded = (response as LazyResponse).takeBody()!;
    encoded.pipe({ bodyChunk() {}, bodyFlush() {}, bodyEnd() {}, bodyFail() {} });
    encoded.pause();
    const noise = crypto.getRandomValues(new Uint8Array(64 * 1024));
    for (let i = 0; i < 40; i++) body.push(noise, 0, noise.length);
    expect(calls).toContain("pause");
    encoded.resume();
    await waitFor("its source goes on", () => calls.includes("resume"));
    encoded.cancel(new Error("left") as never);
    expect(calls).toContain("cancel");
  });
});

test.each<[HttpMiddlewareOptions<"compress">, string]>([
  [{ excludedContentTypes: ["a/b"], includedContentTypes: ["c/d"] }, "mutually exclusive"],
  [{ encodings: [] }, "encodings is empty"],
  [{ encodings: ["deflate"] }, 'found "deflate"'],
  [{ encodings: ["br"], defaultEncoding: "gzip" }, "expected one of br"],
  [{ excludedContentTypes: ["a b"] }, 'found "a b"'],
])("%j is refused", async (options, message) => {
  expect(link(options)).rejects.toThrow(message);
});
