import type { Handler } from "../http/handler.ts";
import type { AskControl, ControlServiceName } from "./control-request.ts";

/** Headers that the control plane reads. */
const HEADERS = ["accept", "content-type", "x-forwarded-prefix", "x-forwarded-proto"];

/** Bytes of a body, a whole dynamic configuration: far above ten thousand routers. */
const LARGEST_BODY = 64 * 1024 * 1024;

/**
 * A service that the control plane answers: `api@internal`, `dashboard@internal`, `rest@internal` and
 * `prometheus@internal`. REST alone reads a request's body; a longer one than 64 MiB is answered with 413.
 */
export function controlService(ask: AskControl, service: ControlServiceName): Handler {
  return async (request) => {
    const headers: Record<string, string> = {};
    for (const name of HEADERS) {
      const value = request.headers.get(name);
      if (value !== null) headers[name] = value;
    }
    const { method, url } = request;
    const body = service === "rest" && method === "PUT" ? await bodyOf(request) : "";
    if (body === undefined) return new Response(null, { status: 413 });
    const answer = await ask({ service, method, url, headers, body });
    return new Response(answer.body === "" ? null : (answer.body as BodyInit), {
      status: answer.status,
      headers: answer.headers.map(([name, value]): [string, string] => [name, value]),
    });
  };
}

/** Undefined where it is too long. */
async function bodyOf({ body }: Request): Promise<string | undefined> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
