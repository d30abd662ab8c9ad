import { ProxyError } from "../../core/errors.ts";
import { aliasFreeName, fieldIdOfName } from "../../wire/field-names.ts";
import { NOT_IN_TRAILERS } from "../../wire/field-sets.ts";
import type { HeaderList } from "../../wire/header-list.ts";

/** What becomes of names with a "_": `entryPoints.NAME.http.underscoreHeadersStrategy`. */
export type UnderscoreStrategy = "keep" | "delete" | "reject";

/**
 * Makes a request's trailers keep to the rules of its head, when both are known: no managed name and
 * none that tells how to read a message, in no spelling that a backend may take for it; the
 * entrypoint's strategy for "_"; and what middlewares set or deleted in the head stays theirs.
 * Returns why the request must not go on, or null.
 */
export function judgeTrailers(
  trailers: HeaderList,
  head: HeaderList,
  underscores: UnderscoreStrategy,
): ProxyError | null {
  for (let i = 0; i < trailers.slots; i++) {
    const id = trailers.idAt(i);
    if (id < 0) continue;
    const name = trailers.nameAt(i).toLowerCase();
    if (underscores !== "keep" && name.includes("_")) {
      if (underscores === "reject") {
        return new ProxyError("bad-request", "downstream", `A trailer with a "_" in its name`);
      }
      trailers.removeAt(i);
      continue;
    }
    const plain = aliasFreeName(name);
    if (NOT_IN_TRAILERS[fieldIdOfName(plain)] === 1 || head.wasEdited(plain)) trailers.removeAt(i);
  }
  return null;
}
