import { describe, expect, test } from "bun:test";
import { latin1Bytes } from "../../../../src/core/bytes.ts";
import { ProxyError } from "../../../../src/core/errors.ts";
import { Body } from "../../../../src/http/body.ts";
import { LazyResponse } from "../../../../src/http/lazy/lazy-response.ts";
import { contentType } from "../../../../src/middlewares/http/content-type.ts";
import { sniffContentType } from "../../../../src/middlewares/http/sniff-content-type.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";
import { makeRequest } from "../../../support/http/make-request.ts";
import { apply, make } from "./apply.ts";

const NO_SOURCE = { pauseBody() {}, resumeBody() {}, cancelBody() {} };

function answer(body: Body | null, headers: [string, string][] = [], status = 200): Response {
  return new LazyResponse(status, HeaderList.from(headers), body);
}

const through = async (response: () => Response) =>
  (await apply(make(contentType, {}), {}, response)).response;

describe("contentType", () => {
  test("types a response by its first bytes and passes all of them on", async () => {
    const body = new Body(NO_SOURCE, -1);
    const pending = through(() => answer(body));
    body.push(latin1Bytes("<html>"), 0, 6);
    const response = await pending;
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const trailers = HeaderList.from([["X-Sum", "1"]]);
    body.push(latin1Bytes("more"), 0, 4);
    body.finish(trailers);
    const passed = LazyResponse.of(response).takeBody()!;
    expect(new TextDecoder().decode(await passed.bytes())).toBe("<html>more");
    expect(passed.trailers).toBe(trailers);
  });

  test("keeps the length and large bodies whole", async () => {
    const bytes = new Uint8Array(300_000).fill(0x61);
    const response = await through(() => answer(Body.of(bytes)));
    expect(LazyResponse.of(response).takeBody()!.length).toBe(bytes.length);
    expect((await response.arrayBuffer()).byteLength).toBe(bytes.length);
  });

  test("leaves alone what has a type, an encoding, or no body", async () => {
    const cases: [Response, string | null][] = [
      [answer(Body.of(latin1Bytes("x")), [["Content-Type", "a/b"]]), "a/b"],
      [answer(Body.of(latin1Bytes("x")), [["Content-Encoding", "gzip"]]), null],
      [answer(Body.of(latin1Bytes("x")), [], 304), null],
      [answer(null), null],
      [answer(Body.of(new Uint8Array(0))), null],
    ];
    for (const [given, expected] of cases) {
      expect((await through(() => given)).headers.get("content-type")).toBe(expected);
    }
  });

  test("a body that ends or breaks before its first byte has no type", async () => {
    const ended = new Body(NO_SOURCE, -1);
    const empty = through(() => answer(ended));
    ended.finish();
    expect((await empty).headers.get("content-type")).toBeNull();

    const broken = new Body(NO_SOURCE, -1);
    const failing = through(() => answer(broken));
    const error = new ProxyError("upstream-closed", "upstream", "gone");
    broken.fail(error);
    const response = await failing;
    expect(response.headers.get("content-type")).toBeNull();
    await expect(LazyResponse.of(response).takeBody()!.bytes()).rejects.toBe(error);
  });

  test("passes backpressure and cancellation on to the source", async () => {
    const told: string[] = [];
    const body = new Body(
      {
        pauseBody: () => void told.push("pause"),
        resumeBody: () => void told.push("resume"),
        cancelBody: () => void told.push("cancel"),
      },
      -1,
    );
    const pending = through(() => answer(body));
    const chunk = new Uint8Array(64 * 1024 + 1);
    body.push(chunk, 0, chunk.length);
    body.push(chunk, 0, chunk.length);
    const passed = LazyResponse.of(await pending).takeBody()!;
    expect(told).toEqual(["pause"]);
    let received = 0;
    passed.pipe({
      bodyChunk: (_bytes, start, end) => void (received += end - start),
      bodyFlush() {},
      bodyEnd() {},
      bodyFail() {},
    });
    expect(received).toBe(2 * chunk.length);
    expect(told).toEqual(["pause", "resume"]);
    passed.cancel(new ProxyError("client-gone", "downstream", "gone"));
    expect(told).toEqual(["pause", "resume", "cancel"]);
  });

  test("lets go of a body that hasn't begun where the client goes away", async () => {
    const told: string[] = [];
    const source = { pauseBody() {}, resumeBody() {}, cancelBody: () => void told.push("cancel") };
    const { request, exchange } = makeRequest();
    const pending = make(contentType, {})(() => answer(new Body(source, -1)))(request, exchange);
    const gone = new ProxyError("client-gone", "downstream", "gone");
    exchange.abort(gone);
    const body = LazyResponse.of(await pending).takeBody()!;
    await expect(body.bytes()).rejects.toBe(gone);
    expect(told).toEqual(["cancel"]);
  });

  test("autoDetect: false turns it off", () => {
    const next = () => new Response();
    expect(make(contentType, { autoDetect: false })(next)).toBe(next);
  });
});

test("sniffContentType knows what Go's DetectContentType knows", () => {
  const cases: [string, string][] = [
    ["", "text/plain; charset=utf-8"],
    ["hello", "text/plain; charset=utf-8"],
    ["\x00\x01\x02", "application/octet-stream"],
    ["   <!DOCTYPE html>", "text/html; charset=utf-8"],
    ["\n<Body >", "text/html; charset=utf-8"],
    ["<!-- x", "text/html; charset=utf-8"],
    ["<bodyx", "text/plain; charset=utf-8"],
    ["\n<?xml?>", "text/xml; charset=utf-8"],
    ["%PDF-1.7", "application/pdf"],
    ["%!PS-Adobe-3", "application/postscript"],
    ["\xfe\xffab", "text/plain; charset=utf-16be"],
    ["\xff\xfeab", "text/plain; charset=utf-16le"],
    ["\xef\xbb\xbfa", "text/plain; charset=utf-8"],
    ["\x00\x00\x01\x00", "image/x-icon"],
    ["BM...", "image/bmp"],
    ["GIF89a...", "image/gif"],
    ["RIFF1234WEBPVP8 ", "image/webp"],
    ["\x89PNG\r\n\x1a\n", "image/png"],
    ["\xff\xd8\xff", "image/jpeg"],
    ["ID3", "audio/mpeg"],
    ["RIFF1234WAVE", "audio/wave"],
    ["\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42", "video/mp4"],
    ["\x00\x00\x00\x10ftypisom\x00\x00\x00\x01", "application/octet-stream"],
    ["\x1aE\xdf\xa3", "video/webm"],
    [`${"\x01".repeat(34)}LP`, "application/vnd.ms-fontobject"],
    ["wOF2", "font/woff2"],
    ["\x1f\x8b\x08", "application/x-gzip"],
    ["PK\x03\x04", "application/zip"],
    ["\x00asm", "application/wasm"],
    [`${"a".repeat(512)}\x00`, "text/plain; charset=utf-8"],
  ];
  for (const [text, expected] of cases) expect(sniffContentType(latin1Bytes(text))).toBe(expected);
});
