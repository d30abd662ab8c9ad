import { afterAll, beforeAll, describe, expect } from "bun:test";
import { join } from "node:path";
import { curlSession, type SessionAnswer } from "../../support/http/curl-session.ts";
import { getUntil } from "../../support/http/get.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { REQUESTS, STANDARD, STATUSES } from "./platform-requests.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

// The same module behind Sluice and behind the platform's own server gets and gives the same.

const test = testWith("curl");
const MODULE = "module-cases.ts";

let router: Router;
let platform: Platform;

beforeAll(async () => {
  const handler = { module: join(import.meta.dirname, MODULE) };
  router = await startRouter({
    // What a module keeps is one worker's.
    workers: 1,
    dynamic: JSON.stringify({
      http: {
        routers: { all: { rule: "PathPrefix(`/`)", service: "module" } },
        services: { module: { handler } },
      },
    }),
  });
  platform = await startPlatform(MODULE);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await router?.[Symbol.asyncDispose]();
});

function ask(port: number, version: string, requests: typeof REQUESTS): Promise<SessionAnswer[]> {
  const own = (arg: string) =>
    // A field of the connection, which HTTP/2 has not: there such a body is one without a length.
    version === "--http1.1" ? arg : arg.replace("Transfer-Encoding: chunked", "Content-Length:");
  return curlSession(
    port,
    [version],
    requests.map(([name, ...args]) => [`http://app.test/${name}`, ...args.map(own)]),
  );
}

/** What a client can tell. */
function seen({ exitCode, status, headers, body }: SessionAnswer) {
  const boundary = /boundary=-*(\w+)/.exec(headers["content-type"] ?? "")?.[1];
  const type = headers["content-type"]?.toLowerCase().replaceAll(" ", "").split(";boundary")[0];
  const text = boundary === undefined ? body : body.replaceAll(boundary, "").replaceAll("-", "");
  const own = Object.entries(headers).filter(([name]) => /^x-|^set-cookie$|^location$/.test(name));
  return {
    exitCode,
    status,
    // Bun's own: JSON has no charset (RFC 8259 section 11), and bytes no type (Fetch, "extract a body").
    type: type?.replace("json;charset=utf-8", "json").replace("application/octet-stream", "") || "",
    // Of forms, whose boundaries differ, there is none to compare.
    length: boundary === undefined ? headers["content-length"] : undefined,
    own: Object.fromEntries(own),
    hash: Bun.hash(text),
    text: text.slice(0, 200),
  };
}

type Seen = ReturnType<typeof seen>;

/** What Sluice's answer is to be, by that of the platform's server. */
function expectedOf(name: string, platforms: Seen, found: Seen): Seen {
  const { text, type, length } = platforms;
  // Streams may go without a length; Bun's server counts what is there in time.
  const free = Number(length ?? 0) === 0 || /^(stream|echo|body-through)/.test(name);
  const expected = free ? { ...platforms, length: found.length } : platforms;
  // Bun's server gives text a type, or none, whatever the module did about it.
  if (name.startsWith("headers-c") && (type || found.type) === "text/plain;charset=utf-8")
    return { ...expected, type: found.type };
  if (text === STANDARD[name] || found.text !== STANDARD[name]) return expected;
  return { ...expected, text: found.text, hash: found.hash, length: found.length };
}

describe.each([
  ["HTTP/1.1", "--http1.1"],
  ["HTTP/2", "--http2-prior-knowledge"],
])("over %s", (_, version) => {
  test("a module's answers are those of the platform's own server", async () => {
    const expected = await ask(platform.port, "--http1.1", REQUESTS);
    const found = await ask(router.port, version, REQUESTS);
    for (const [i, [name, ...args]] of REQUESTS.entries()) {
      const is = seen(found[i]);
      expect({ name, args, ...is }).toEqual({
        name,
        args,
        ...expectedOf(name, seen(expected[i]), is),
      });
    }
  });

  test("what fails in a module is a 500, and a stream that breaks is no whole answer", async () => {
    const found = await ask(
      router.port,
      version,
      STATUSES.map(([, name]) => [name]),
    );
    expect(found.map(({ status }) => status)).toEqual(STATUSES.map(([status]) => status));
    const [broken] = await ask(router.port, version, [["stream-breaks"]]);
    expect(broken.exitCode).not.toBe(0);
  });
});

test("a module hears of a client that went away, behind Sluice and the platform's own server", async () => {
  for (const { port } of [router, platform]) {
    const client = await RawClient.connect(port);
    await client.send("GET /abort-wait HTTP/1.1\r\nHost: app.test\r\n\r\n");
    await getUntil(port, "/abort-gone", ({ text }) => text === "waiting");
    client.reset();
    await getUntil(port, "/abort-gone", ({ text }) => text === "AbortError true true");
  }
});
