import { PairedClient } from "./web-socket/web-socket-response.ts";

/** What a Response was made of: its text, or the number of its bytes. */
export type Content = string | number;

/** Gives an object back as its own `this`, so that a subclass's private field lands on it. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: the private field below is put on this object.
    return object;
  }
}

/** The note on a Response: a private field costs a third of a WeakMap's entry, and nothing shows it. */
class Note extends Given {
  readonly #content: Content;

  constructor(response: Response, content: Content) {
    super(response);
    this.#content = content;
  }

  static of(response: Response): Content | undefined {
    return #content in response ? (response as unknown as Note).#content : undefined;
  }
}

/** What is known of the content of a module's response; undefined for a stream and the like. */
export function contentOf(response: Response): Content | undefined {
  return Note.of(response);
}

const NOTING = Symbol("Sluice's Response");

/**
 * Wraps the global Response once, so that what a Response was made of is still known when it is sent:
 * text goes out without a stream between, and bytes and blobs have their length. Platforms forget it
 * and show a stream only. Where the platform's Response of text lacks the Content-Type that the Fetch
 * standard wants ("extract a body"; Bun's own server adds it), it is given one.
 */
export function noteResponseContents(): void {
  const Native = globalThis.Response;
  if (NOTING in Native) return;
  const typeless = !new Native("").headers.has("content-type");
  const noted = (response: Response, body: unknown): Response => {
    const content = measured(body);
    if (content !== undefined) new Note(response, content);
    return response;
  };
  const json = (data: unknown, init?: ResponseInit): Response => {
    // As undefined, functions and symbols give no text: the platform's own error.
    const text = JSON.stringify(data) as string | undefined;
    if (text === undefined) return Native.json(data, init);
    const response = new Native(text, init);
    if (!new Headers(init?.headers).has("content-type"))
      response.headers.set("content-type", "application/json");
    return noted(response, text);
  };
  globalThis.Response = new Proxy(Native, {
    construct(target, [body, init], newTarget): Response {
      const socket = PairedClient.socketOf(init?.webSocket);
      if (socket !== undefined) return switching(target, init, newTarget);
      const response: Response = Reflect.construct(target, [body, init], newTarget);
      if (typeless && typeof body === "string" && !response.headers.has("content-type")) {
        response.headers.set("content-type", "text/plain;charset=UTF-8");
      }
      return noted(response, body);
    },
    get: (target, key) => (key === "json" ? json : Reflect.get(target, key, target)),
    has: (target, key) => key === NOTING || Reflect.has(target, key),
  });
}

/** A 101 with a socket, which platforms refuse or know nothing of. A copy made from it is one as well. */
function switching(
  Native: typeof Response,
  init: ResponseInit & { webSocket: unknown },
  newTarget: unknown,
): Response {
  const { headers, webSocket } = init;
  const response = Reflect.construct(Native, [null, { headers }], newTarget as typeof Response);
  return Object.defineProperties(response, {
    status: { value: 101 },
    ok: { value: false },
    webSocket: { value: webSocket },
  });
}

/** Bytes may change behind the constructor, which has copied them: only their number is kept. */
function measured(body: unknown): Content | undefined {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array || body instanceof ArrayBuffer || ArrayBuffer.isView(body))
    return body.byteLength;
  if (body instanceof URLSearchParams) return body.toString();
  // A file on disk says what it had when it was looked at, or nothing.
  if (body instanceof Blob && body.constructor === Blob) return body.size;
  return undefined;
}
