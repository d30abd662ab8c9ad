import { join } from "node:path";

const CHUNKED = ["-H", "Transfer-Encoding: chunked"];
const SENT = ["-H", "X-Sent: sent"];
const HELLO = [...SENT, "-d", "hello"];
const FORM = ["-F", "a=b", "-F", `f=@${join(import.meta.dirname, "platform-server.ts")}`];
/** A body of some size. */
const LARGE = ["--data-binary", `@${join(import.meta.dirname, "../../../bun.lock")}`];

/** Names of cases in module-cases.ts and its neighbours, with curl's arguments. */
export const REQUESTS: readonly (readonly [name: string, ...args: string[]])[] = [
  ["text", "-d", "caf\u00e9"],
  ["text", ...CHUNKED, "-d", "chunked"],
  ["json", "-H", "Content-Type: application/json", "-d", '{"a":[1]}'],
  ["form", "-d", "a=b&c=d"],
  ["form", ...FORM],
  ["blob", "-H", "Content-Type: text/plain;charset=utf-8", "-d", "hello"],
  ["buffer", "-d", "bytes"],
  ["echo", "-d", "echo"],
  ["echo", ...LARGE],
  ["echo", ...CHUNKED, ...LARGE],
  ["clone", "-d", "hello"],
  ["rewrapped", "-d", "hello"],
  ["rewrapped", ...CHUNKED, "-d", "hello"],
  ["copied", "-X", "PUT", "-d", "hello"],
  ["twice", "-d", "hello"],
  ["method", "-X", "TRACE"],
  ["method", "-X", "PATCH", "-d", "x"],
  ["method", "-X", "QUERY", "-d", "x"],
  ...["long", "short", "megabytes", "letters", "file", "query", "fields", "chunks"].map(
    (name) => [name] as const,
  ),
  ...["nothing", "empty", "unchanged", "redirect", "status", "typed"].map(
    (name) => [name] as const,
  ),
  ["typed", "-I"],
  ["megabytes", "-I"],
  ["client"],

  ["body-bytes", "-d", "caf\u00e9"],
  ["body-bytes", "-d", ""],
  ["body-null"],
  ["body-bad-json", "-d", "{broken"],
  ["body-bad-form", "-H", "Content-Type: text/plain", "-d", "a=b"],
  ["body-bad-form", "-H", "Content-Type: multipart/form-data", "-d", "a=b"],
  ["body-blob", "-H", "Content-Type: Application/X-Own", "-d", "hello"],
  ["body-cancelled", ...HELLO],
  ["body-cancelled", ...CHUNKED, ...HELLO],
  ["body-locked", ...HELLO],
  ["body-locked", ...CHUNKED, ...HELLO],
  ["body-reader", ...HELLO],
  ["body-reader", ...CHUNKED, ...LARGE],
  ["body-piped", ...LARGE],
  ["body-piped", ...CHUNKED, ...LARGE],
  ["body-tee", ...LARGE],
  ["body-tee", ...CHUNKED, ...LARGE],
  ["body-through", "-d", "stra\u00dfe"],
  ["body-count", ...LARGE],
  ["body-unread", ...LARGE],
  ["body-unread", ...CHUNKED, ...LARGE],
  ["body-same", ...HELLO],

  ["clone-both", ...HELLO],
  ["clone-both", ...CHUNKED, ...LARGE],
  ["clone-alone", ...HELLO],
  ["clone-alone", ...CHUNKED, ...HELLO],
  ["clone-of-clone", ...HELLO],
  ["clone-used", ...HELLO],
  ["clone-fields", ...HELLO],
  ["clone-headers", ...HELLO],
  ["copy-url", ...HELLO],
  ["copy-method", ...HELLO],
  ["copy-method", ...CHUNKED, ...HELLO],
  ["copy-body", ...HELLO],
  ["copy-plain", ...HELLO],
  ["copy-plain", ...CHUNKED, ...HELLO],
  ["copy-class", ...HELLO],
  ["copy-empty", ...HELLO],
  ["copy-fields", ...HELLO],
  ["copy-other", ...HELLO],
  ["copy-signal"],

  ["headers-list", ...SENT, "-H", "X-Sent: again", "-H", "X-Sent-Too: 1"],
  ["headers-case", ...SENT],
  ["headers-cookie", "-H", "Cookie: a=1; b=2"],
  ["headers-cookie", "-H", "Cookie: a=1", "-H", "Cookie: b=2"],
  ["headers-bad"],
  ["headers-copy", ...SENT],
  ["headers-each", ...SENT],
  ["signal"],
  ["url?a=%20b&c"],
  ["url/a%2Fb/../url"],
  ["attributes"],

  ...["iterable", "late", "empty", "large", "bytes", "tee", "transform"].map(
    (name) => [`stream-${name}`] as const,
  ),
  ["stream-compressed", "--compressed"],
  ["stream-large", "-I"],
  ["headers-many"],
  ["headers-pairs"],
  ["headers-copied"],
  ["headers-changed"],
  ["headers-redirect"],
  ["status-odd"],
  ["status-high"],
  ["json-init"],
  ["json-init", "-I"],
  ["clone-sent"],
];

/**
 * Where a platform's own server is behind the standard (Fetch), Sluice may give what the standard says:
 * Bun's says that a locked body was used and that the body of no form wasn't, and forgets types of blobs.
 */
export const STANDARD: Readonly<Record<string, string>> = {
  "body-bad-form": '["TypeError",true]',
  "body-locked": '[false,"TypeError",true,false]',
  "body-blob": '[5,"application/x-own","hello"]',
};

/** The status alone: each server words its own errors, and Deno's sends what was locked and a body with 205. */
export const STATUSES: readonly (readonly [status: number, name: string])[] = [
  [500, "error-thrown"],
  [500, "error-rejected"],
  [500, "error-nothing"],
  [500, "error-response"],
  [500, "error-read"],
  [205, "status-reset"],
];
