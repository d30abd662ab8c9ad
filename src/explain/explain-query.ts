/** A request that is to be explained. */
export interface ExplainQuery {
  readonly url: URL;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The client's address. */
  readonly ip: string;
  /** "" for the one that listens on the URL's port. */
  readonly entryPoint: string;
  /** How many of the routers that don't match are listed. */
  readonly limit: number;
}

/** What can't be asked. */
export class ExplainError extends Error {}

const LIMIT = 20;
const LARGEST_LIMIT = 1000;
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Reads a question: `url`, `method` (GET), `header` (repeated, "Name: value"), `ip` (127.0.0.1),
 * `entryPoint`, `limit` (20). Throws ExplainError.
 */
export function readExplainQuery(query: URLSearchParams): ExplainQuery {
  const text = query.get("url") ?? "";
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (text === "" || !URL.canParse(withScheme))
    throw new ExplainError(`url: expected a URL such as http://example.com/path, found "${text}"`);
  const url = new URL(withScheme);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new ExplainError(`url: expected http or https, found "${url.protocol.slice(0, -1)}"`);
  const method = query.get("method") || "GET";
  if (!METHOD.test(method)) throw new ExplainError(`method: expected a word, found "${method}"`);
  const limit = Number(query.get("limit") || LIMIT);
  if (!(Number.isInteger(limit) && limit >= 0 && limit <= LARGEST_LIMIT))
    throw new ExplainError(
      `limit: expected a number from 0 to ${LARGEST_LIMIT}, found "${query.get("limit")}"`,
    );
  return {
    url,
    method: method.toUpperCase(),
    headers: query
      .getAll("header")
      .filter((line) => line !== "")
      .map(headerOf),
    ip: query.get("ip") || "127.0.0.1",
    entryPoint: query.get("entryPoint") ?? "",
    limit,
  };
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon).trim();
  const value = line.slice(colon + 1).trim();
  if (colon < 0 || !METHOD.test(name) || /[\0\r\n]/.test(value))
    throw new ExplainError(`header: expected "Name: value", found ${JSON.stringify(line)}`);
  return [name, value];
}
