import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { sendableResponse } from "../../../../../src/services/http/handler/sendable-response.ts";

const truthfulResponse = (response: Response) => sendableResponse(response, () => {});

const TEXT = "caf\u00e9 \u20ac ".repeat(200);
const encoders: Record<string, (text: string) => Uint8Array> = {
  gzip: gzipSync,
  br: brotliCompressSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
};

let server: Server;
let url = "";
beforeAll(async () => {
  server = createServer((request, response) => {
    const coding = request.url!.slice(1);
    const body = encoders[coding](TEXT);
    response.writeHead(200, {
      "content-encoding": coding,
      "content-length": body.length,
      etag: '"1"',
    });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const fields = (response: Response) => [
  response.headers.get("content-encoding"),
  response.headers.get("content-length"),
];

describe.each(Object.keys(encoders))("%s", (coding) => {
  test("of an upstream that fetch has decoded goes, with its length", async () => {
    const result = await truthfulResponse(await fetch(`${url}/${coding}`));
    expect(fields(result)).toEqual([null, null]);
    expect(result.headers.get("etag")).toBe('"1"');
    expect(await result.text()).toBe(TEXT);
  });

  test("goes from a response that a module has made of it", async () => {
    const fetched = await fetch(`${url}/${coding}`);
    const made = new Response(fetched.body, fetched);
    made.headers.set("x-made", "1");
    const result = await truthfulResponse(made);
    expect([...fields(result), result.headers.get("x-made")]).toEqual([null, null, "1"]);
    expect(await result.text()).toBe(TEXT);
  });

  test("of a module's own stays", async () => {
    const bytes = new Uint8Array(encoders[coding](TEXT));
    const headers = { "content-encoding": coding, "content-length": String(bytes.length) };
    const result = await truthfulResponse(new Response(bytes, { headers }));
    expect(fields(result)).toEqual([coding, String(bytes.length)]);
    expect(await result.bytes()).toEqual(bytes);
  });

  test("of an answer to HEAD stays: there is nothing that was decoded", async () => {
    const result = await truthfulResponse(await fetch(`${url}/${coding}`, { method: "HEAD" }));
    expect(fields(result)[0]).toBe(coding);
  });
});

test("a body that fails is passed on as it is", async () => {
  const failing = new ReadableStream({
    start: (controller) => controller.error(new Error("broken")),
  });
  const result = truthfulResponse(
    new Response(failing, { headers: { "content-encoding": "gzip" } }),
  );
  await expect(Promise.resolve(result)).rejects.toThrow("broken");
});
