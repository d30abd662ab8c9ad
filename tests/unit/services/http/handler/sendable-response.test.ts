import { beforeAll, describe, expect, test } from "bun:test";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { noteResponseContents } from "../../../../../src/services/http/handler/response-content.ts";
import { sendableResponse } from "../../../../../src/services/http/handler/sendable-response.ts";

beforeAll(noteResponseContents);

const never = (error: unknown): void => {
  throw error;
};

async function sent(response: Response, failed = never): Promise<LazyResponse> {
  const result = await sendableResponse(response, failed);
  expect(result).toBeInstanceOf(LazyResponse);
  return result as LazyResponse;
}

describe("what a response is made of gives its length and its type", () => {
  const form = new FormData();
  form.set("a", "b");
  const bytes = new Uint8Array([1, 2, 3]);
  const cases: [what: string, make: () => Response, length: string | null, type: string | null][] =
    [
      ["a text", () => new Response("\u00fc!"), "3", "text/plain;charset=utf-8"],
      ["no text", () => new Response(""), "0", "text/plain;charset=utf-8"],
      ["bytes", () => new Response(bytes), "3", null],
      ["a part of a buffer", () => new Response(bytes.subarray(1)), "2", null],
      ["a buffer", () => new Response(bytes.buffer), "3", null],
      ["many bytes", () => new Response(new Uint8Array(10_000_000)), "10000000", null],
      ["a blob", () => new Response(new Blob(["blob"], { type: "text/x" })), "4", "text/x"],
      [
        "a query",
        () => new Response(new URLSearchParams({ a: "b c" })),
        "5",
        "application/x-www-form-urlencoded;charset=utf-8",
      ],
      ["JSON", () => Response.json({ a: 1 }), "7", "application/json"],
      ["JSON of a type", () => json("a/b"), "2", "a/b"],
      ["a form", () => new Response(form), null, "multipart/form-data; boundary="],
      ["nothing", () => new Response(null), null, null],
      ["a copy of a stream", () => new Response(new Response("abc").body), null, null],
    ];
  const json = (type: string) => Response.json([], { headers: { "content-type": type } });
  test.each(cases)("%s", async (_, make, length, type) => {
    const whole = await make().bytes();
    const response = await sent(make());
    expect(response.headerList.get("content-length")).toBe(length);
    const found = response.headerList.get("content-type");
    if (type === null) expect(found).toBeNull();
    else expect(found?.toLowerCase()).toStartWith(type);
    const received = await response.bytes();
    if (type?.startsWith("multipart") !== true) expect(received).toEqual(whole);
    else expect(new TextDecoder().decode(received)).toContain('name="a"');
  });
});

test("a wrong Content-Length is mended, and a Content-Encoding that text can't have goes", async () => {
  for (const length of ["99", "2", "x"]) {
    const headers = { "content-length": length, "content-encoding": "gzip" };
    const response = await sent(new Response("hello", { headers }));
    expect(response.headerList.get("content-length")).toBe("5");
    expect(response.headerList.has("content-encoding")).toBe(false);
  }
  const bytes = new Response(new Uint8Array(3), { headers: { "content-length": "7" } });
  expect((await sent(bytes)).headerList.get("content-length")).toBe("3");
});

test("bytes that change behind the constructor are sent as they were", async () => {
  const bytes = new Uint8Array([1, 2]);
  const response = new Response(bytes);
  bytes.fill(9);
  expect(await (await sent(response)).bytes()).toEqual(new Uint8Array([1, 2]));
});

test("classes of one's own are Responses, and their content is known", async () => {
  class Page extends Response {}
  const page = new Page("page", { status: 201 });
  expect([page instanceof Page, page instanceof Response]).toEqual([true, true]);
  const response = await sent(page);
  expect([response.status, response.headerList.get("content-length")]).toEqual([201, "4"]);
});

test("a body that was read, or is locked, is refused", async () => {
  const read = new Response("x");
  await read.text();
  expect(() => sendableResponse(read, never)).toThrow("was read already");
  const locked = new Response(new ReadableStream());
  locked.body!.getReader();
  expect(() => sendableResponse(locked, never)).toThrow("is locked");
});

test("why a stream broke off is heard", async () => {
  const heard: unknown[] = [];
  const boom = new Error("boom");
  const breaking = new ReadableStream({ pull: (controller) => controller.error(boom) });
  const response = await sent(new Response(breaking), (error) => void heard.push(error));
  await expect(response.bytes()).rejects.toThrow();
  expect(heard).toEqual([boom]);
});

test("a note on a response shows nowhere", () => {
  const response = new Response("secret");
  expect(Reflect.ownKeys(response)).toEqual(Reflect.ownKeys(new Response(null)));
  expect(Bun.inspect(response)).not.toContain("secret");
});
