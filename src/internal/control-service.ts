import type { Handler } from "../http/handler.ts";
import type { AskControl } from "./control-request.ts";

/** Bytes of a request's body: a whole dynamic configuration for the REST provider. */
const MAX_BODY = 64 * 1024 * 1024;

/** Headers that the control plane reads. */
const HEADERS = ["accept", "content-type", "x-forwarded-prefix", "x-forwarded-proto"];

/** A service that the control plane answers: `api@internal` and `dashboard@internal`. */
export function controlService(ask: AskControl): Handler {
  return async (request) => {
    const body = request.body === null ? null : await bodyOf(request.body);
    if (body === "too large") return new Response(null, { status: 413 });
    const headers: Record<string, string> = {};
    for (const name of HEADERS) {
      const value = request.headers.get(name);
      if (value !== null) headers[name] = value;
    }
    const { method, url } = request;
    const answer = await ask({ method, url, headers, body });
    return new Response(answer.body === "" ? null : (answer.body as BodyInit), {
      status: answer.status,
      headers: answer.headers.map(([name, value]): [string, string] => [name, value]),
    });
  };
}

async function bodyOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array | "too large"> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_BODY) return "too large";
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
