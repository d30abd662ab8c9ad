import { exchange } from "../sockets/raw-client.ts";
import { waitFor } from "../wait-for.ts";
import type { HttpResponse } from "./http-response.ts";

/**
 * A request without a body on a connection of its own. `fields` are lines; Host is app.test unless
 * they have one.
 */
export function get(
  port: number,
  target = "/",
  fields: readonly string[] = [],
  method = "GET",
): Promise<HttpResponse> {
  const host = fields.some((field) => /^host:/i.test(field)) ? [] : ["Host: app.test"];
  const lines = [`${method} ${target} HTTP/1.1`, ...host, ...fields, "", ""];
  return exchange(port, lines.join("\r\n"), method);
}

/** The same, until the answer is what is wanted: for what takes effect in a moment. */
export async function getUntil(
  port: number,
  target: string,
  wanted: (response: HttpResponse) => boolean,
  fields: readonly string[] = [],
): Promise<HttpResponse> {
  return waitFor(`the wanted answer to ${target}`, async () => {
    const response = await get(port, target, fields);
    return wanted(response) ? response : undefined;
  });
}
