import type { Case } from "./module-cases.ts";

const bytesOf = async (stream: ReadableStream<Uint8Array>): Promise<number> => {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
};

/** The name of what a promise rejects with. */
const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no failure",
    (error: Error) => error.name,
  );

/** What became of the client of `abort-wait`. */
let gone = "nothing";

const answer = (...values: unknown[]): Response => Response.json(values);

/** What a module can do with its request: body, clones, headers and signal. */
export const REQUEST_CASES: Readonly<Record<string, Case>> = {
  "body-bytes": async (request) => answer([...(await request.bytes())]),
  "body-null": async (request) => {
    const { body, bodyUsed } = request;
    return answer(body === null, bodyUsed, await request.text(), request.bodyUsed);
  },
  "body-bad-json": async (request) => answer(await failure(request.json()), request.bodyUsed),
  "body-bad-form": async (request) => answer(await failure(request.formData()), request.bodyUsed),
  "body-blob": async (request) => {
    const blob = await request.blob();
    return answer(blob.size, blob.type, await blob.text());
  },
  "body-cancelled": async (request) => {
    await request.body!.cancel();
    return answer(request.bodyUsed, await failure(request.text()));
  },
  "body-locked": async (request) => {
    const reader = request.body!.getReader();
    const locked = [request.bodyUsed, await failure(request.text())];
    await reader.read();
    reader.releaseLock();
    return answer(...locked, request.bodyUsed, request.body!.locked);
  },
  "body-reader": async (request) => {
    const reader = request.body!.getReader();
    let bytes = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
    }
    return answer(bytes, request.bodyUsed);
  },
  "body-piped": async (request) => {
    let bytes = 0;
    const sink = new WritableStream<Uint8Array>({ write: (chunk) => void (bytes += chunk.length) });
    await request.body!.pipeTo(sink);
    return answer(bytes, request.bodyUsed);
  },
  "body-tee": async (request) => {
    const [one, other] = request.body!.tee();
    return answer(...(await Promise.all([bytesOf(one), bytesOf(other)])));
  },
  "body-through": (request) => {
    const upper = new TransformStream<string, string>({
      transform: (text, controller) => controller.enqueue(text.toUpperCase()),
    });
    const { body } = request;
    return new Response(
      body!
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(upper)
        .pipeThrough(new TextEncoderStream()),
    );
  },
  "body-count": async (request) => answer(await bytesOf(request.body!)),
  "body-unread": () => answer("unread"),
  "body-same": (request) => answer(Object.is(request.body, request.body)),

  "clone-both": async (request) => {
    const clone = request.clone();
    const [one, other] = await Promise.all([request.arrayBuffer(), clone.arrayBuffer()]);
    return answer(one.byteLength, other.byteLength, request.bodyUsed, clone.bodyUsed);
  },
  "clone-alone": async (request) => {
    const clone = request.clone();
    return answer(await clone.text(), request.bodyUsed, clone.bodyUsed);
  },
  "clone-of-clone": async (request) => {
    const clone = request.clone().clone();
    return answer(await clone.text(), await request.text());
  },
  "clone-used": async (request) => {
    await request.text();
    return answer(await failure(new Promise((resolve) => resolve(request.clone()))));
  },
  "clone-fields": (request) => {
    const { method, url, headers } = request.clone();
    return answer(method, new URL(url).pathname, headers.get("x-sent"), request instanceof Request);
  },
  "clone-headers": (request) => {
    const clone = request.clone();
    const copy = new Headers(request.headers);
    copy.set("x-sent", "changed");
    return answer(copy.get("x-sent"), clone.headers.get("x-sent"), request.headers.get("x-sent"));
  },
  "copy-url": async (request) => {
    const copy = new Request(new URL("/other", request.url), request);
    return answer(copy.method, new URL(copy.url).pathname, await copy.text());
  },
  "copy-method": async (request) => {
    const copy = new Request(request, { method: "PUT" });
    return answer(copy.method, copy.headers.get("x-sent"), await copy.text());
  },
  "copy-body": async (request) => {
    const copy = new Request(request, { body: "another" });
    return answer(copy.method, copy.headers.get("x-sent"), await copy.text());
  },
  "copy-plain": async (request) => {
    const copy = new Request(request);
    return answer(copy.method, copy.headers.get("x-sent"), await copy.text());
  },
  "copy-class": async (request) => {
    class Own extends Request {
      readonly own = true;
    }
    const copy = new Own(request, { headers: { "x-sent": "own" } });
    return answer(copy.own, copy instanceof Request, copy.method, copy.headers.get("x-sent"));
  },
  "copy-empty": async (request) => {
    const copy = new Request(request, {});
    return answer(copy.method, copy.headers.get("x-sent"), await copy.text());
  },
  "copy-fields": async (request) => {
    const { headers } = request;
    const copy = new Request(request, { headers });
    return answer(copy.method, copy.headers.get("x-sent"), headers.constructor === Headers);
  },
  "copy-other": async (request) => {
    const other = new Request(request.url, { method: "DELETE" });
    const copy = new Request(request, other);
    return answer(copy.method, request.constructor === Request);
  },
  "copy-signal": (request) => {
    const controller = new AbortController();
    const copy = new Request(request.url, { signal: controller.signal });
    controller.abort();
    return answer(copy.signal.aborted, request.signal.aborted);
  },

  "headers-list": (request) => {
    const sent = [...request.headers].filter(([name]) => name.startsWith("x-sent"));
    return answer(sent, [...request.headers.keys()].includes("x-sent"));
  },
  "headers-case": ({ headers }) =>
    answer(
      headers.get("X-SENT"),
      headers.has("x-Sent"),
      headers.get("x-none"),
      "x-sent" in headers,
    ),
  "headers-cookie": ({ headers }) => answer(headers.get("cookie")),
  "headers-latin": ({ headers }) => answer(headers.get("x-sent")),
  "headers-bad": ({ headers }) => {
    const name = (run: () => unknown) => failure(new Promise((resolve) => resolve(run())));
    return Promise.all([name(() => headers.get("a b")), name(() => headers.has(""))]).then(answer);
  },
  "headers-copy": ({ headers }) => {
    const copy = new Headers(headers);
    copy.append("x-sent", "more");
    return answer(copy.get("x-sent"), Object.fromEntries(headers)["x-sent"]);
  },
  "headers-each": ({ headers }) => {
    const seen: string[] = [];
    headers.forEach((value, name, parent) => {
      if (name === "x-sent") seen.push(value, String(parent === headers));
    });
    return answer(seen);
  },

  "abort-wait": ({ signal }) => {
    gone = "waiting";
    return new Promise(() => {
      signal.addEventListener("abort", () => {
        const { reason } = signal;
        gone = `${reason.name} ${reason instanceof DOMException} ${signal.aborted}`;
      });
    });
  },
  "abort-gone": () => new Response(gone),
  signal: async ({ signal }) => {
    const any = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
    return answer(signal instanceof AbortSignal, signal.aborted, any.aborted);
  },
  url: (request) => {
    const { pathname, search, protocol } = new URL(request.url);
    return answer(pathname, search, protocol);
  },
  attributes: (request) => {
    const { cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy } = request;
    const values = { cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy };
    const { credentials: cloned, mode: same } = request.clone();
    return answer(values, cloned === credentials, same === mode);
  },
};
