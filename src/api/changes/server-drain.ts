import type { ControlRequest, ControlResponse } from "../../internal/control-request.ts";
import type { Draining } from "../../services/health/health-verdicts.ts";
import { changeAnswer, nameInPath } from "./change-answer.ts";

/** Empties a server, or ends that; false where no such HTTP service has it. */
export type DrainServer = (service: string, server: string, draining: Draining) => boolean;

/**
 * PUT and DELETE /api/http/services/NAME/servers/drain?url=, ours: the server gets no new requests, and gets them again.
 * With `sticky=false` it gets none with its sticky cookie either. Null where the path is another one.
 */
export function drainAnswer(
  { method, url }: Pick<ControlRequest, "method" | "url">,
  basePath: string,
  drain: DrainServer,
): ControlResponse | null {
  const { pathname, searchParams } = new URL(url);
  const inside = pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : "";
  const encoded = /^\/api\/http\/services\/([^/]+)\/servers\/drain$/.exec(inside)?.[1];
  if (encoded === undefined || (method !== "PUT" && method !== "DELETE")) return null;
  for (const name of searchParams.keys())
    if ((name !== "url" && name !== "sticky") || searchParams.getAll(name).length > 1)
      return changeAnswer(400, { message: `expected url and sticky, each once, found ${name}` });
  const server = searchParams.get("url") ?? "";
  if (server === "")
    return changeAnswer(400, { message: "url: expected a server's URL, found nothing" });
  const sticky = searchParams.get("sticky") ?? "true";
  if (sticky !== "true" && sticky !== "false")
    return changeAnswer(400, { message: `sticky: expected true or false, found "${sticky}"` });
  const service = nameInPath(encoded);
  const draining = method === "DELETE" ? "no" : sticky === "true" ? "new" : "all";
  if (!drain(service, server, draining))
    return changeAnswer(404, { message: `server not found: ${server} of ${service}` });
  return changeAnswer(200, { url: server, draining: draining !== "no" });
}
