import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { denoBinary } from "../../../scripts/deno-binary.ts";
import { type CurlAnswer, curl } from "../../support/curl.ts";
import { FLAVOUR } from "../../support/flavour.ts";
import { type Router, startRouter } from "../../support/router.ts";

// The same module behind Sluice and behind the platform's own server gets and gives the same.

const folder = import.meta.dirname;
const DYNAMIC = `
http:
  routers: { all: { rule: PathPrefix(\`/\`), service: module } }
  services: { module: { handler: { module: ./module.ts } } }
`;

let router: Router;
let platform: ReturnType<typeof startPlatform>;
let reference = "";

function startPlatform() {
  const program = join(folder, "platform-server.ts");
  const command = FLAVOUR === "deno" ? [denoBinary(), "run", "--quiet", "-A"] : [process.execPath];
  return Bun.spawn([...command, program], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
}

beforeAll(async () => {
  platform = startPlatform();
  const { value } = await platform.stdout.getReader().read();
  reference = `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`;
  router = await startRouter({
    dynamic: DYNAMIC,
    files: { "module.ts": readFileSync(join(folder, "module-cases.ts"), "utf8") },
  });
});
afterAll(async () => {
  platform.kill();
  await router[Symbol.asyncDispose]();
});

const JSON_BODY = ["-H", "Content-Type: application/json", "-d", '{"a":[1]}'];
const REQUESTS: [name: string, ...args: string[]][] = [
  ["text", "-d", "caf\u00e9"],
  ["text", "-H", "Transfer-Encoding: chunked", "-d", "chunked"],
  ["json", ...JSON_BODY],
  ["form", "-d", "a=b&c=d"],
  ["form", "-F", "a=b", "-F", `f=@${join(folder, "platform-server.ts")}`],
  ["blob", "-H", "Content-Type: text/plain;charset=utf-8", "-d", "hello"],
  ["buffer", "-d", "bytes"],
  ["echo", "-d", "echo"],
  ["clone", "-d", "hello"],
  ["rewrapped", "-d", "hello"],
  ["rewrapped", "-H", "Transfer-Encoding: chunked", "-d", "hello"],
  ["copied", "-X", "PUT", "-d", "hello"],
  ["twice", "-d", "hello"],
  ["method", "-X", "TRACE"],
  ["method", "-X", "PATCH", "-d", "x"],
  ["method", "-X", "QUERY", "-d", "x"],
  ["long"],
  ["short"],
  ["megabytes"],
  ["letters"],
  ["file"],
  ["query"],
  ["fields"],
  ["chunks"],
  ["nothing"],
  ["empty"],
  ["unchanged"],
  ["redirect"],
  ["status"],
  ["typed"],
  ["typed", "-I"],
  ["megabytes", "-I"],
  ["client"],
];

/** What a client can tell. */
function seen({ exitCode, status, headers, body }: CurlAnswer, length: boolean) {
  const boundary = /boundary=-*(\w+)/.exec(headers["content-type"] ?? "")?.[1];
  const type = headers["content-type"]?.toLowerCase().replaceAll(" ", "").split(";boundary")[0];
  const text = boundary === undefined ? body : body.replaceAll(boundary, "").replaceAll("-", "");
  return {
    exitCode,
    status,
    // Bun's own: JSON has no charset (RFC 8259 section 11), and bytes no type (Fetch, "extract a body").
    type: type?.replace("json;charset=utf-8", "json").replace("application/octet-stream", "") || "",
    length: length ? headers["content-length"] : undefined,
    location: headers["location"],
    body: Bun.hash(text),
    text: text.slice(0, 100),
  };
}

describe.each([
  ["HTTP/1.1", "--http1.1"],
  ["HTTP/2", "--http2-prior-knowledge"],
])("over %s", (_, version) => {
  test("a module's answers are those of the platform's own server", async () => {
    for (const [name, ...args] of REQUESTS) {
      const [expected, found] = await Promise.all([
        curl(`${reference}/${name}`, ...args),
        // A field of the connection, which HTTP/2 has not.
        curl(
          `${router.url}/${name}`,
          version,
          ...args.map((arg) =>
            version === "--http1.1" ? arg : arg.replace("Transfer-Encoding: chunked", "X: y"),
          ),
        ),
      ]);
      // Not of forms, whose boundaries differ, and of streams, which may go without one.
      const length =
        name !== "echo" && name !== "fields" && expected.headers["content-length"] > "0";
      const is = { name, args, ...seen(found, length) };
      expect(is).toEqual({ name, args, ...seen(expected, length) });
    }
  });
});
