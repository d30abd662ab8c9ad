import { dynamicSchema } from "../config/dynamic/schema.ts";
import type { ControlRequest, ControlResponse } from "../internal/control-request.ts";
import type { PutOutcome } from "../providers/rest/rest-provider.ts";
import { goJson } from "./go/go-json.ts";
import { goValue } from "./go/go-value.ts";

const PATH = /^\/api\/providers\/([^/]+)$/;

/**
 * The REST provider's endpoint, PUT /api/providers/rest: the answer is the configuration as it was
 * read. Source: Traefik's pkg/provider/rest/rest.go.
 */
export function putConfiguration(
  { method, url, body }: ControlRequest,
  put: ((text: string) => PutOutcome) | undefined,
): ControlResponse {
  const provider = PATH.exec(new URL(url).pathname)?.[1];
  if (provider === undefined || put === undefined) return text(404, "404 page not found\n");
  if (method !== "PUT") return { status: 405, headers: [], body: "" };
  if (provider !== "rest")
    return text(400, "Only 'rest' provider can be updated through the REST API\n");
  const outcome = put(body);
  if ("error" in outcome) return text(400, `${outcome.error}\n`);
  return {
    status: 200,
    headers: [["Content-Type", "application/json; charset=UTF-8"]],
    body: goJson(goValue(dynamicSchema, outcome.value)).trimEnd(),
  };
}

function text(status: number, body: string): ControlResponse {
  return {
    status,
    headers: [
      ["Content-Type", "text/plain; charset=utf-8"],
      ["X-Content-Type-Options", "nosniff"],
    ],
    body,
  };
}
