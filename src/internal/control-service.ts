import type { Handler } from "../http/handler.ts";
import type { AskControl } from "./control-request.ts";

/** Headers that the control plane reads. */
const HEADERS = ["accept", "content-type", "x-forwarded-prefix", "x-forwarded-proto"];

/**
 * A service that the control plane answers: `api@internal` and `dashboard@internal`. A request's body is
 * never read: nothing there takes one.
 */
export function controlService(ask: AskControl): Handler {
  return async (request) => {
    const headers: Record<string, string> = {};
    for (const name of HEADERS) {
      const value = request.headers.get(name);
      if (value !== null) headers[name] = value;
    }
    const { method, url } = request;
    const answer = await ask({ method, url, headers });
    return new Response(answer.body === "" ? null : (answer.body as BodyInit), {
      status: answer.status,
      headers: answer.headers.map(([name, value]): [string, string] => [name, value]),
    });
  };
}
