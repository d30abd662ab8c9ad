import { Body } from "../../../http/body.ts";
import { announcedLength } from "../../../http/lazy/lazy-message.ts";
import { LazyResponse, reasonOf } from "../../../http/lazy/lazy-response.ts";
import type { HeaderList } from "../../../wire/header-list.ts";

/** Bytes that a look at a body's beginning takes at the most. */
const LOOK = 512;

/**
 * A module's response as its body really is. `fetch` decompresses what an upstream sent and leaves
 * Content-Encoding and Content-Length as they were, in the response and in those that a module makes
 * of it: both fields go where the body is no such encoding. What is encoded still, as a module's own
 * compressed bytes are, keeps them. `list` has the response's fields; `failed` hears why its stream
 * broke off. Throws TypeError where the body is locked.
 */
export function truthfulResponse(
  response: Response,
  list: HeaderList,
  failed: (error: unknown) => void,
): LazyResponse | Promise<LazyResponse> {
  const { body } = response;
  if (body === null) return adopt(response, list, null);
  if (body.locked) throw new TypeError("fetch gave a Response whose body is locked");
  const coding = lastCoding(list.get("content-encoding"));
  if (coding !== "") return judged(response, list, body, coding, failed);
  return adopt(response, list, Body.fromStream(body, announcedLength(list), failed));
}

async function judged(
  response: Response,
  list: HeaderList,
  body: ReadableStream<Uint8Array>,
  coding: string,
  failed: (error: unknown) => void,
): Promise<LazyResponse> {
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
  if (!encoded) {
    list.delete("content-encoding");
    list.delete("content-length");
  }
  return adopt(response, list, Body.fromStream(kept, encoded ? announcedLength(list) : -1, failed));
}

function adopt(response: Response, list: HeaderList, body: Body | null): LazyResponse {
  const { status, statusText } = response;
  const lazy = new LazyResponse(status, list, body, statusText || reasonOf(status));
  lazy.adopted = true;
  return lazy;
}

/** The coding that was applied last, in lower case; "" where there is none. */
export function lastCoding(value: string | null): string {
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
