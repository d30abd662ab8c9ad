import { describe, expect, test } from "bun:test";
import { inspect } from "node:util";
import { Body } from "../../../../../src/http/body.ts";
import { fetchHandlerService } from "../../../../../src/services/http/handler/fetch-handler.ts";
import { makeRequest } from "../../../../support/http/make-request.ts";

type Module = (request: Request, env: unknown, context: object) => unknown;

const PlatformRequest = globalThis.Request;
const SECRETS = ["Basic c2VjcmV0", "session=secret"];

/** What a module gives for a POST with the body "hello". */
async function ask(module: Module): Promise<string> {
  const { request, lazy, exchange } = makeRequest({
    method: "POST",
    target: "/path",
    headers: [
      ["Host", "example.com"],
      ["Authorization", SECRETS[0]],
      ["Cookie", SECRETS[1]],
      ["X-Forwarded-For", "203.0.113.9"],
    ],
  });
  lazy.setBody(Body.of(new TextEncoder().encode("hello")));
  const handler = fetchHandlerService({ default: module }, { name: "app.ts" });
  return (await handler(request, exchange)).text();
}

const upper = () =>
  new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(new TextEncoder().encode(new TextDecoder().decode(chunk).toUpperCase()));
    },
  });

describe("the body of a module's request", () => {
  test("is there for it and for its clone", async () => {
    const both = await ask(async (request) => {
      const clone = request.clone();
      const texts = [await clone.text(), await request.text(), clone.method];
      return new Response([...texts, request.bodyUsed, clone.bodyUsed].join());
    });
    expect(both).toBe("hello,hello,POST,true,true");
    const streams = await ask(async (request) => {
      const clone = request.clone();
      const first = await new Response(request.body).text();
      return new Response(first + (await clone.text()));
    });
    expect(streams).toBe("hellohello");
  });

  test("may be piped through something into another request", async () => {
    const text = await ask(async (request) => {
      const init = { body: request.body!.pipeThrough(upper()), duplex: "half" } as RequestInit;
      const copy = new Request(request, init);
      return new Response(`${await copy.text()} ${copy.method} ${copy.url} ${request.bodyUsed}`);
    });
    expect(text).toBe("HELLO POST http://example.com/path true");
  });

  test("goes into a copy, and the request knows that it is used", async () => {
    const text = await ask(async (request) => {
      const copy = new Request(request, { headers: { "x-new": "1" } });
      return new Response(`${await copy.text()} ${copy.headers.get("x-new")} ${request.bodyUsed}`);
    });
    expect(text).toBe("hello 1 true");
  });

  const used: [what: string, use: (request: Request) => unknown, expected: boolean][] = [
    ["nothing", () => {}, false],
    ["a look", (request) => request.body, false],
    ["a reader that was let go", (request) => request.body!.getReader().releaseLock(), false],
    ["a cancelled stream", (request) => request.body!.cancel(), true],
    ["a pipe", (request) => request.body!.pipeTo(new WritableStream()), true],
    ["text()", (request) => request.text(), true],
    [
      "one read",
      async (request) => {
        const reader = request.body!.getReader();
        await reader.read();
        reader.releaseLock();
      },
      true,
    ],
  ];
  test.each(used)("bodyUsed behind %s", async (_, use, expected) => {
    const text = await ask(async (request) => {
      await use(request);
      return new Response(String(request.bodyUsed));
    });
    expect(text).toBe(String(expected));
  });

  test("is read once", async () => {
    const text = await ask(async (request) => {
      await request.text();
      const again = await request.text().catch((error: unknown) => error);
      const stream = request.body === null ? "none" : "stream";
      return new Response(`${again instanceof TypeError} ${stream} ${request.bodyUsed}`);
    });
    expect(text).toBe("true stream true");
  });
});

test("nothing that shows a request or its context shows secrets or what Sluice notes", async () => {
  const text = await ask((request, _env, context) => {
    request.headers.get("host");
    const shown = [request, request.headers, context].flatMap((value) => [
      inspect(value, { depth: 9, showHidden: false }),
      Bun.inspect(value, { depth: 9 }),
      JSON.stringify({ ...value }),
      JSON.stringify(structuredClone({ ...value })),
      JSON.stringify(Object.keys(value)),
    ]);
    shown.push(JSON.stringify(request), JSON.stringify(context));
    return new Response(shown.join("\n"));
  });
  for (const secret of SECRETS) expect(text).not.toContain(secret);
  for (const inner of ["headerList", "downstream", "startedAt", "Uint8Array"])
    expect(text).not.toContain(inner);
  expect(text).toContain("http://example.com/path");
});

test("a module's request is a Request to the platform's own constructor, which stays in place", async () => {
  const text = await ask(async (request) => {
    const copy = new Request(request, { headers: { "x-a": "b" } });
    const cloned = await new Promise((resolve) => resolve(structuredClone(request))).catch(
      ({ name }: Error) => name,
    );
    const shown = [copy.method, copy.headers.get("x-a"), copy.headers.has("cookie")];
    return Response.json([...shown, await copy.text(), request.constructor === Request, cloned]);
  });
  expect(JSON.parse(text)).toEqual(["POST", "b", false, "hello", true, "DataCloneError"]);
  expect(Request).toBe(PlatformRequest);
});

test("a module's request has all that the platform's has, and shows it to loops", async () => {
  const names = Object.keys(Request.prototype).filter((name) => name !== "constructor");
  expect(names).toContain("text");
  const text = await ask(async (request) => {
    const seen: string[] = [];
    for (const name in request) seen.push(name);
    const failing: string[] = [];
    for (const name of names) {
      const copy = request.clone() as unknown as Record<string, unknown>;
      try {
        const value = (request as unknown as typeof copy)[name];
        if (typeof value !== typeof copy[name]) failing.push(name);
      } catch {
        failing.push(name);
      }
    }
    return Response.json({ failing, unseen: names.filter((name) => !seen.includes(name)) });
  });
  expect(JSON.parse(text)).toEqual({ failing: [], unseen: [] });
  // Bun's own, beyond the standard.
  if (!names.includes("textStream")) return;
  const streamed = await ask((request) => {
    const read = (request as unknown as { textStream(): ReadableStream<string> }).textStream();
    return new Response(read.pipeThrough(new TextEncoderStream()));
  });
  expect(streamed).toBe("hello");
});

const CHANGES: [what: string, change: (headers: Headers) => void, names: string[]][] = [
  ["a field that comes later is gone", (headers) => headers.delete("x-c"), ["x-a", "x-b", "x-d"]],
  ["a field that was seen is gone", (headers) => headers.delete("x-a"), ["x-a", "x-b", "x-d"]],
  ["a field came behind", (headers) => headers.set("x-e", ""), ["x-a", "x-b", "x-c", "x-d", "x-e"]],
  ["a field changed", (headers) => headers.set("x-c", "new"), ["x-a", "x-b", "x-c", "x-d"]],
];
test.each(CHANGES)("who iterates over a request's headers sees that %s", (_, change, names) => {
  const fields = ["x-d", "x-c", "x-b", "x-a"].map((name): [string, string] => [name, name]);
  const walk = (headers: Headers): string[] => {
    const seen: string[] = [];
    for (const name of headers.keys()) {
      seen.push(name);
      if (name === "x-b") change(headers);
    }
    return seen;
  };
  expect(walk(makeRequest({ headers: fields }).lazy.headers)).toEqual(names);
  expect(walk(new Headers(fields))).toEqual(names);
});

test("a module sees the client in X-Forwarded-For, as servers do", async () => {
  const seen = (request: Request) => new Response(request.headers.get("x-forwarded-for"));
  expect(await ask(seen)).toBe("203.0.113.9, 192.0.2.7");
});
