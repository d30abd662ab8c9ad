import type { ControlRequest, ControlResponse } from "../../internal/control-request.ts";
import { changeAnswer, nameInPath } from "./change-answer.ts";

/** Has a cache forget; undefined where no such middleware is a cache. */
export type PurgeCache = (
  middleware: string,
  what: { readonly url?: string; readonly prefix?: string },
) => Promise<number | undefined>;

/**
 * DELETE /api/http/middlewares/NAME/cache, ours: with `url` one URL, with `prefix` all that begin with it, else
 * all. Null where the path is another one.
 */
export async function purgeAnswer(
  { url }: Pick<ControlRequest, "url">,
  basePath: string,
  purge: PurgeCache,
): Promise<ControlResponse | null> {
  const { pathname, searchParams } = new URL(url);
  const inside = pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : "";
  const encoded = /^\/api\/http\/middlewares\/([^/]+)\/cache$/.exec(inside)?.[1];
  if (encoded === undefined) return null;
  const what: { url?: string; prefix?: string } = {};
  for (const [name, value] of searchParams) {
    const isKnown = name === "url" || name === "prefix";
    if (!isKnown || Object.keys(what).length > 0)
      return changeAnswer(400, { message: `expected url, prefix or nothing, found ${name}` });
    if (!/^https?:\/\/[^/]/.test(value))
      return changeAnswer(400, {
        message: `${name}: expected an http or https URL, found "${value}"`,
      });
    what[name] = value;
  }
  const middleware = nameInPath(encoded);
  const purged = await purge(middleware, what);
  if (purged === undefined) return changeAnswer(404, { message: `cache not found: ${middleware}` });
  return changeAnswer(200, { purged });
}
