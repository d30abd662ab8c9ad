import { afterAll, beforeAll, describe, expect } from "bun:test";
import { join } from "node:path";
import { curlSession, type SessionAnswer } from "../../support/http/curl-session.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { CHUNKED, ORIGIN, REQUESTS, TOKEN } from "./libraries/requests.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

// Libraries answer behind Sluice what they answer behind the platform's own server, to the same client.

const test = testWith("curl");
const MODULE = "libraries/module.ts";

let router: Router;
let platform: Platform;
let secure = 0;

beforeAll(async () => {
  secure = await freePort();
  router = await startRouter({
    entryPoints: { secure: [secure, "    http: { tls: {} }"] },
    dynamic: JSON.stringify({
      http: {
        routers: { all: { rule: "PathPrefix(`/`)", service: "module" } },
        services: { module: { handler: { module: join(import.meta.dirname, MODULE) } } },
      },
    }),
    files: { "static/page.html": "<p>a page</p>\n" },
  });
  platform = await startPlatform(MODULE, router.program.directory);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await router?.[Symbol.asyncDispose]();
});

/** Of the connection, of the moment, or of chance; and the length, which a stream may go without. */
const LEFT_OUT = new Set([
  "alt-svc",
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "server",
  "transfer-encoding",
  "x-request-id",
]);

const TEXT = "text/plain;charset=utf-8";

/** As in platform-parity.test.ts: Bun's server says more of JSON and bytes than the standards do. */
function typeOf(value: string): string {
  return value
    .toLowerCase()
    .replaceAll(" ", "")
    .replace("json;charset=utf-8", "json")
    .replace("application/octet-stream", "");
}

function seen({ status, headers, body, exitCode }: SessionAnswer, origin: string) {
  const fields = Object.entries(headers)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => [name, name === "content-type" ? typeOf(value) : value])
    .map(([name, value]) => [name, value.replaceAll(origin, ORIGIN)])
    .filter(([, value]) => value !== "")
    .sort();
  const boundary = /-{4}\w*[Bb]oundary\w+|-{4,}[0-9a-z]{16,}/g;
  return {
    status,
    exitCode,
    fields: Object.fromEntries(fields),
    // Stacks name files with the version that they were loaded in.
    body: body
      .replaceAll(origin, ORIGIN)
      .replace(boundary, "BOUNDARY")
      .replaceAll(/\?v=[0-9a-f]+/g, ""),
  };
}

type Seen = ReturnType<typeof seen>;

/** Bun's server sends text without a type where the standard ("extract a body") wants one. */
function aligned<T extends Seen>(expected: T, found: T): T {
  if (expected.exitCode !== 0) return found;
  const type = expected.fields["content-type"] ?? found.fields["content-type"];
  return type === TEXT
    ? { ...expected, fields: { "content-type": TEXT, ...expected.fields } }
    : expected;
}

async function answers(port: number, origin: string, args: readonly string[]) {
  const [{ body: token }] = await curlSession(port, args, [[`${origin}/guards/jwt/token`]]);
  const filled = (text: string) =>
    // HTTP/2 has no chunks: there a body of unknown length is one without Content-Length.
    (args.includes("--http1.1") ? text : text.replace(CHUNKED, "Content-Length:"))
      .replace(ORIGIN, origin)
      .replace(TOKEN, token);
  const requests = REQUESTS.map(
    ([, path, ...own]) => [`${origin}${path}`, ...own.map(filled)] as [string, ...string[]],
  );
  const all = await curlSession(port, args, requests);
  return all.map((answer, i) => ({
    request: REQUESTS[i].slice(1).join(" "),
    ...seen(answer, origin),
  }));
}

let reference: ReturnType<typeof answers> | undefined;

describe.each([
  ["HTTP/1.1", "http", ["--http1.1"]],
  ["HTTP/2", "http", ["--http2-prior-knowledge"]],
  ["HTTP/1.1 with TLS", "https", ["-k", "--http1.1"]],
  ["HTTP/2 with TLS", "https", ["-k", "--http2"]],
])("over %s", (_, scheme, args) => {
  test("libraries answer what they answer behind the platform's own server", async () => {
    reference ??= answers(platform.port, "http://app.test", ["--http1.1"]);
    const port = scheme === "https" ? secure : router.port;
    const found = await answers(port, `${scheme}://app.test`, args);
    const expected = await reference;
    for (const [i, answer] of found.entries()) {
      expect(answer).toEqual(aligned(expected[i], answer));
      // They would agree as well if a library failed behind both.
      expect({ ...answer, status: REQUESTS[i][0] }).toEqual(answer);
    }
  });
});

test("Hono's cache answers from the Cache API", async () => {
  const url = "http://app.test/content/cache";
  const answers = await curlSession(router.port, ["--http1.1"], [[url], [url]]);
  for (const { body, headers } of answers)
    expect([body, headers["cache-control"]]).toEqual(["made 1", "max-age=60"]);
});
