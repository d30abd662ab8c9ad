import { REQUEST_CASES } from "./module-request-cases.ts";
import { RESPONSE_CASES } from "./module-response-cases.ts";

/** A module of many small handlers, by the last part of the path; the platforms' own servers serve it as well. */
export type Case = (request: Request, env: Environment) => Response | Promise<Response>;

interface Environment {
  requestIP?(request: Request): { address: string } | null;
  readonly remoteAddr?: { readonly hostname: string };
}

const encoder = new TextEncoder();

function streaming(chunks: readonly unknown[]): ReadableStream {
  const left = chunks.values();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = left.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

function form(): FormData {
  const data = new FormData();
  data.set("a", "b");
  return data;
}

const CASES: Readonly<Record<string, Case>> = {
  ...REQUEST_CASES,
  ...RESPONSE_CASES,
  text: async (request) => new Response(await request.text()),
  json: async (request) => Response.json(await request.json()),
  form: async (request) => {
    const entries = [...(await request.formData())];
    return new Response(
      entries
        .map(([name, value]) => `${name}=${typeof value === "string" ? value : value.name}`)
        .join(),
    );
  },
  blob: async (request) => {
    const { size, type } = await request.blob();
    return new Response(`${size} ${type}`);
  },
  buffer: async (request) => new Response(await request.arrayBuffer()),
  echo: (request) => new Response(request.body),
  clone: async (request) => {
    const clone = request.clone();
    return new Response((await clone.text()) + (await request.text()));
  },
  rewrapped: async (request) => {
    const body = request.body!.pipeThrough(new TransformStream());
    return new Response(await new Request(request, { body, duplex: "half" } as RequestInit).text());
  },
  copied: async (request) => {
    const copy = new Request(request, { headers: { "x-copied": "yes" } });
    return new Response(`${copy.method} ${copy.headers.get("x-copied")} ${await copy.text()}`);
  },
  twice: async (request) => {
    await request.text();
    const again = await request.text().then(String, (error: Error) => error.constructor.name);
    return new Response(`${again} ${request.bodyUsed}`);
  },
  method: (request) => new Response(request.method),
  long: () => new Response("hello", { headers: { "content-length": "99" } }),
  short: () => new Response("hello", { headers: { "content-length": "2" } }),
  megabytes: () => new Response(new Uint8Array(10_000_000)),
  letters: () => new Response("\u00fc".repeat(3_000_000)),
  file: () => new Response(new Blob(["blob"], { type: "text/x" })),
  query: () => new Response(new URLSearchParams({ a: "b c" })),
  fields: () => new Response(form()),
  chunks: () => new Response(streaming([encoder.encode("a"), encoder.encode("b")])),
  nothing: () => new Response(null),
  empty: () => new Response(null, { status: 204 }),
  unchanged: () => new Response(null, { status: 304, headers: { etag: '"1"' } }),
  redirect: () => Response.redirect("http://other.test/", 303),
  status: () => new Response("teapot", { status: 418, statusText: "Odd" }),
  typed: () => new Response("<p>", { headers: { "content-type": "text/html" } }),
  client: (request, env) =>
    new Response(env.requestIP?.(request)?.address ?? env.remoteAddr?.hostname ?? "none"),
};

export default {
  fetch(request: Request, env: Environment): Response | Promise<Response> {
    const name = new URL(request.url).pathname.split("/").at(-1)!;
    return CASES[name](request, env);
  },
};
