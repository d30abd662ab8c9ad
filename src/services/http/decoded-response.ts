import { Body } from "../../http/body.ts";
import { LazyResponse } from "../../http/lazy/lazy-response.ts";

/** Bytes that a look at a body's beginning takes at the most. */
const LOOK = 512;

/**
 * A module's response as its body really is. `fetch` decompresses what an upstream sent and leaves
 * Content-Encoding and Content-Length as they were, in the response and in those that a module makes
 * of it: both fields go where the body is no such encoding. What is encoded still, as a module's own
 * compressed bytes are, keeps them.
 */
export function truthfulResponse(response: Response): Response | Promise<Response> {
  const { body } = response;
  if (body === null || body.locked) return response;
  const coding = lastCoding(response.headers.get("content-encoding"));
  return coding === "" ? response : judged(response, body, coding);
}

async function judged(
  response: Response,
  body: ReadableStream<Uint8Array>,
  coding: string,
): Promise<Response> {
  const fetched = response.url !== "";
  const [looked, kept] = body.tee();
  const reader = looked.getReader();
  let beginning: Uint8Array;
  try {
    beginning = (await reader.read()).value ?? new Uint8Array(0);
  } finally {
    reader.cancel().catch(() => {});
  }
  const encoded = isEncoded(beginning.subarray(0, LOOK), coding, fetched);
  const lazy = LazyResponse.of(new Response(null, response));
  if (!encoded) {
    lazy.headerList.delete("content-encoding");
    lazy.headerList.delete("content-length");
  }
  const length = encoded ? Number(response.headers.get("content-length") ?? -1) : -1;
  lazy.setBody(Body.fromStream(kept, length));
  lazy.adopted = true;
  return lazy;
}

/** The coding that was applied last, in lower case; "" where there is none. */
function lastCoding(value: string | null): string {
  const coding = (value ?? "").split(",").at(-1)!.trim().toLowerCase();
  return coding === "identity" ? "" : coding;
}

/** True where a body that begins so may be of that coding. `fetched`: the platform has seen to it. */
function isEncoded(bytes: Uint8Array, coding: string, fetched: boolean): boolean {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return bytes[0] === 0x1f && bytes[1] === 0x8b;
    case "zstd":
      return bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd;
    case "br":
    case "deflate":
      // They have no mark of their own, but no text either.
      return !fetched && bytes.length > 0 && !isText(bytes);
    default:
      // Nothing that a platform knows.
      return true;
  }
}

/** True for bytes that are UTF-8 without controls; the last character may be cut off. */
function isText(bytes: Uint8Array): boolean {
  for (const byte of bytes)
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
