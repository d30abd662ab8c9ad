import { latin1Bytes } from "../../../core/bytes.ts";
import { sha256 } from "../../../core/digests/sha256.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { canonicalFieldName, fieldText } from "../headers/field-edits.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { plainAnswer } from "../plain-answer.ts";
import { readUsers, usersByName } from "./users.ts";

interface ApiKeyInputs {
  /** The lines of keysFile. */
  readonly fingerprint: readonly string[];
}

const unauthorized = plainAnswer(401);

/**
 * `apiKey`, ours: only requests with one of these keys pass. Configurations have the keys' SHA-256 alone, which
 * is enough for keys that are random: what is looked up is a digest, so the time tells nothing of a key.
 */
export const apiKey: HttpMiddlewareKind<"apiKey", ApiKeyInputs> = {
  async inputs({ keysFile }, { files }) {
    try {
      return { fingerprint: await readUsers({ usersFile: keysFile }, files) };
    } catch (error) {
      throw new Error((error as Error).message.replace("usersFile", "keysFile"));
    }
  },
  create(options, _, { fingerprint: fileLines }) {
    const { keys, headerName = "X-Api-Key", headerField = "", removeHeader = false } = options;
    const names = namesByDigest(keys, fileLines);
    const lowerName = canonicalFieldName(headerName).toLowerCase();
    const isBearer = lowerName === "authorization";
    const challenge: [string, string][] = [
      [
        "Www-Authenticate",
        `${isBearer ? "Bearer" : "ApiKey"} realm="${fieldText(options.realm || "api")}"`,
      ],
    ];
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const values = lazy.headerList.all(lowerName);
        // Two keys are none: the server might read the other one.
        const key = values.length === 1 ? keyOf(values[0], isBearer) : null;
        const name = key === null ? undefined : names.get(sha256(latin1Bytes(key)).toHex());
        if (name === undefined) return unauthorized(challenge);
        exchange.clientUsername = name;
        if (removeHeader) lazy.headerList.delete(lowerName);
        if (headerField !== "") lazy.headerList.set(headerField, name);
        return next(lazy, exchange);
      },
    };
  },
};

function keyOf(value: string, isBearer: boolean): string | null {
  if (!isBearer) return value;
  return /^bearer +([^ ]+)$/i.exec(value)?.[1] ?? null;
}

function namesByDigest(
  keys: readonly string[] | undefined,
  fileLines: readonly string[],
): Map<string, string> {
  let byName: Map<string, string>;
  try {
    byName = usersByName({ users: keys, usersFile: "" }, fileLines, 1);
  } catch (error) {
    throw new Error((error as Error).message.replace("users", "keys"));
  }
  if (byName.size === 0) throw new Error("apiKey: there are no keys");
  const names = new Map<string, string>();
  for (const [name, digest] of byName) {
    if (!/^[0-9a-f]{64}$/i.test(digest))
      throw new Error(`apiKey: key of "${name}": expected its SHA-256 as 64 hex digits`);
    names.set(digest.toLowerCase(), fieldText(name));
  }
  return names;
}
