import type { Case } from "./module-cases.ts";

const encoder = new TextEncoder();

/** A stream that fails behind its first chunk. */
const breaking = (): ReadableStream =>
  new ReadableStream({
    pull(controller) {
      controller.enqueue(encoder.encode("begun"));
      controller.error(new Error("on purpose"));
    },
  });

async function* words(): AsyncGenerator<Uint8Array> {
  for (const word of ["one ", "two ", "three"]) yield encoder.encode(word);
}

/** What a module can answer: streams, headers and errors. */
export const RESPONSE_CASES: Readonly<Record<string, Case>> = {
  "stream-iterable": () => new Response(words() as unknown as BodyInit),
  "stream-late": () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          controller.enqueue(encoder.encode("late"));
          controller.close();
        },
      }),
    ),
  "stream-empty": () => new Response(new ReadableStream({ start: (c) => c.close() })),
  "stream-large": () => {
    let left = 40;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (left-- > 0) controller.enqueue(new Uint8Array(65_536).fill(97));
          else controller.close();
        },
      }),
    );
  },
  "stream-bytes": () =>
    new Response(
      new ReadableStream({
        type: "bytes",
        pull(controller) {
          controller.enqueue(encoder.encode("bytes"));
          controller.close();
        },
      }),
    ),
  "stream-tee": () => new Response(new Response("tee").body!.tee()[1]),
  "stream-transform": () => {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    void writer.write(encoder.encode("written ")).then(async () => {
      await writer.write(encoder.encode("later"));
      await writer.close();
    });
    return new Response(readable);
  },
  "stream-breaks": () => new Response(breaking()),
  "stream-compressed": () => {
    const body = new Response("compressed ".repeat(100)).body!;
    return new Response(body.pipeThrough(new CompressionStream("gzip")), {
      headers: { "content-encoding": "gzip" },
    });
  },

  "headers-many": () => {
    const headers = new Headers({ "x-a": "1" });
    headers.append("x-a", "2");
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2, c");
    return new Response("many", { headers });
  },
  "headers-latin": () => new Response("latin", { headers: { "x-latin": "caf\u00e9" } }),
  "headers-pairs": () => new Response("pairs", { headers: [["x-a", "1"]] }),
  "headers-copied": () => {
    const response = new Response("copied", { status: 201, headers: { "x-a": "1" } });
    return new Response(response.body, response);
  },
  "headers-changed": () => {
    const response = new Response("changed");
    response.headers.set("x-a", "1");
    response.headers.delete("content-type");
    return response;
  },
  "headers-redirect": () => Response.redirect("http://other.test/a?b", 308),
  "status-odd": () => new Response("odd", { status: 299 }),
  "status-high": () => new Response("high", { status: 599 }),
  "status-reset": () => new Response(null, { status: 205 }),
  "json-init": () => Response.json({ a: 1 }, { status: 202, headers: { "x-a": "1" } }),
  "clone-sent": async () => {
    const response = new Response("cloned");
    const clone = response.clone();
    return new Response((await clone.text()) + (await response.text()));
  },

  "error-thrown": () => {
    throw new Error("on purpose");
  },
  "error-rejected": () => Promise.reject(new Error("on purpose")),
  "error-nothing": () => undefined as never,
  "error-response": () => Response.error(),
  "error-read": async () => {
    const response = new Response("read");
    await response.text();
    return response;
  },
  "error-locked": () => {
    const response = new Response("locked");
    response.body!.getReader();
    return response;
  },
};
