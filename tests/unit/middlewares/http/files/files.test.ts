import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servedFiles } from "../../../../../runtime/node/engine/served-files.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { files } from "../../../../../src/middlewares/http/files/files.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import type { ServedFiles } from "../../../../../src/net/host/served-files.ts";
import { type MadeRequest, makeRequest } from "../../../../support/http/make-request.ts";
import { apply, makeWith } from "../apply.ts";

type Options = HttpMiddlewareOptions<"files">;

const top = mkdtempSync(join(tmpdir(), "sluice-files-"));
const root = join(top, "www");
const BIG = "0123456789".repeat(20_000);
const TIME = new Date(Date.UTC(2024, 1, 3, 4, 5, 6));

beforeAll(() => {
  for (const directory of ["www/sub", "www/empty", "www/.git", "www/.well-known", "outside"])
    mkdirSync(join(top, directory), { recursive: true });
  const texts: Record<string, string> = {
    "www/index.html": "<h1>index</h1>",
    "www/a.txt": "0123456789",
    "www/none.bin": "",
    "www/app.js": "script",
    "www/app.js.br": "script by br",
    "www/app.js.gz": "script by gz",
    "www/big.dat": BIG,
    "www/sub/index.html": "sub index",
    "www/sub/index.htm": "old index",
    "www/.git/config": "secret",
    "www/.well-known/security.txt": "Contact: us",
    "www/ü b.txt": "umlaut",
    "outside/secret.txt": "secret",
  };
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(top, name), text);
    utimesSync(join(top, name), TIME, TIME);
  }
  symlinkSync("a.txt", join(root, "inner-link.txt"));
  symlinkSync("../outside/secret.txt", join(root, "outer-link.txt"));
  symlinkSync("../outside", join(root, "outer"));
  symlinkSync("loop", join(root, "loop"));
  writeFileSync(join(top, "www-secret.txt"), "secret");
  symlinkSync("../www-secret.txt", join(root, "sibling-link.txt"));
  symlinkSync("../outside/secret.txt", join(root, "a.txt.gz"));
  expect(Bun.spawnSync(["mkfifo", join(root, "pipe")]).exitCode).toBe(0);
  symlinkSync("/dev/zero", join(root, "zero"));
});
afterAll(() => rmSync(top, { recursive: true }));

const middleware = (options: Partial<Options> = {}, given = servedFiles) =>
  makeWith(files, { root, ...options }, { servedFiles: given });

async function ask(options: Partial<Options>, target: string, made: MadeRequest = {}) {
  const { reached, response } = await apply(await middleware(options), { target, ...made });
  const lazy = LazyResponse.of(response);
  const hasBody = lazy.hasBody;
  return {
    reached,
    status: response.status,
    headers: lazy.headerList,
    header: (name: string) => lazy.headerList.get(name),
    hasBody,
    text: hasBody ? await lazy.text() : "",
  };
}

const told = async (options: Partial<Options>, target: string, made?: MadeRequest) => {
  const { reached, status, text } = await ask(options, target, made);
  return reached ? "next" : `${status} ${text.slice(0, 40)}`;
};

describe("files", () => {
  test("are there with what there is to say about them", async () => {
    const { status, text, headers } = await ask({ cacheControl: "max-age=60" }, "/a.txt?x=1");
    expect([status, text]).toEqual([200, "0123456789"]);
    expect([...headers.entries()]).toEqual([
      ["Cache-Control", "max-age=60"],
      ["ETag", expect.stringMatching(/^"[a-z0-9]+-a"$/)],
      ["Last-Modified", "Sat, 03 Feb 2024 04:05:06 GMT"],
      ["Accept-Ranges", "bytes"],
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", "10"],
    ]);
    expect(await told({}, "/big.dat")).toBe(`200 ${BIG.slice(0, 40)}`);
    expect((await ask({}, "/big.dat")).text).toBe(BIG);
    expect(await told({}, "/%C3%BC%20b.txt")).toBe("200 umlaut");
    expect(await told({}, "/none.bin")).toBe("200 ");
    expect((await ask({}, "/none.bin")).header("content-type")).toBe("application/octet-stream");
  });

  test("HEAD says the same without a body", async () => {
    for (const target of ["/a.txt", "/big.dat"]) {
      const [got, head] = [
        await ask({}, target),
        await ask({}, target, { method: "HEAD", headers: [["Range", "bytes=0-1"]] }),
      ];
      expect([head.status, head.hasBody]).toEqual([200, false]);
      const sorted = (list: typeof got.headers) => [...list.entries()].sort();
      expect(sorted(head.headers)).toEqual(sorted(got.headers));
    }
  });

  test.each([
    ["/", "200 <h1>index</h1>"],
    ["/sub/", "200 sub index"],
    ["/sub", "301 "],
    ["/empty/", "next"],
    ["/empty", "next"],
    ["/none", "next"],
    ["/a.txt/", "next"],
    ["/a.txt/b", "next"],
    ["/.git/config", "next"],
    ["/.well-known/security.txt", "200 Contact: us"],
    ["/../outside/secret.txt", "next"],
    ["/%2e%2e/outside/secret.txt", "next"],
    ["/..%2foutside%2fsecret.txt", "next"],
    ["/..%5coutside%5csecret.txt", "next"],
    ["/sub/..%2f..%2foutside/secret.txt", "next"],
    ["/a.txt%00.html", "next"],
    ["//a.txt", "next"],
    ["*", "next"],
    ["/inner-link.txt", "200 0123456789"],
    ["/outer-link.txt", "next"],
    ["/sibling-link.txt", "next"],
    ["/outer/secret.txt", "next"],
    ["/outer/", "next"],
    ["/loop", "next"],
    ["/pipe", "next"],
    ["/zero", "next"],
    [`/${"x".repeat(300)}`, "next"],
  ])("%s is %s", async (target, expected) => {
    expect(await told({}, target)).toBe(expected);
  });

  test("options: the index, dot files, links that lead out, and who answers for the rest", async () => {
    expect(await told({ index: ["none.htm", "index.htm"] }, "/sub/")).toBe("200 old index");
    expect(await told({ index: [] }, "/")).toBe("next");
    expect(await told({ dotFiles: true }, "/.git/config")).toBe("200 secret");
    expect(await told({ outsideLinks: true }, "/outer/secret.txt")).toBe("200 secret");
    expect(await told({ outsideLinks: true }, "/zero")).toBe("next");
    expect(await told({ notFound: "404" }, "/none")).toBe("404 404 page not found\n");
    expect(await told({ notFound: "404" }, "/outer-link.txt")).toBe("404 404 page not found\n");
  });

  test("a directory is redirected to its slash, wherever the client sees it", async () => {
    for (const [target, location] of [
      ["/sub", "./sub/"],
      ["/sub?a=//b", "./sub/?a=//b"],
      ["/%73ub", "./%73ub/"],
    ]) {
      const { status, header } = await ask({}, target);
      expect([status, header("location")]).toEqual([301, location]);
    }
  });

  test("other methods are 405 for what is there, and go on for what isn't", async () => {
    for (const target of ["/a.txt", "/", "/sub"]) {
      const { status, header } = await ask({}, target, { method: "POST", body: "x" });
      expect([status, header("allow")]).toEqual([405, "GET, HEAD"]);
    }
    const options = { fallback: "/index.html" };
    expect(await told(options, "/none", { method: "POST" })).toBe("next");
    expect(await told({ notFound: "404" }, "/none", { method: "PUT" })).toStartWith("404");
    expect(await told({}, "/a.txt", { upgrade: "websocket" })).toBe("next");
  });

  test("the fallback is for pages that aren't there", async () => {
    const options = { fallback: "/index.html" };
    const accept = (value: string): MadeRequest => ({ headers: [["Accept", value]] });
    const page = "200 <h1>index</h1>";
    expect(await told(options, "/users/7")).toBe(page);
    expect(await told(options, "/users/7", accept("text/html,*/*;q=0.8"))).toBe(page);
    expect(await told(options, "/users/j.doe", accept("*/*"))).toBe(page);
    expect(await told(options, "/app.1.js", accept("text/html"))).toBe(page);
    expect(await told(options, "/app.1.js", accept("*/*"))).toBe("next");
    expect(await told(options, "/api", accept("application/json"))).toBe("next");
    expect(await told(options, "/../x", accept("text/html"))).toBe(page);
    expect((await ask(options, "/users/7")).header("vary")).toBe("Accept");
    expect((await ask(options, "/a.txt")).header("vary")).toBeNull();
    expect(await told({ fallback: "/gone.html" }, "/users/7")).toBe("next");
  });

  test("what stands beside a file compressed, where the client takes it", async () => {
    const options = { precompressed: ["br", "zstd", "gzip"] };
    const given = async (target: string, accepted?: string) => {
      const headers: [string, string][] = accepted ? [["Accept-Encoding", accepted]] : [];
      const { text, header } = await ask(options, target, { headers });
      expect(header("vary")).toBe("Accept-Encoding");
      expect(header("content-type")).toStartWith("text/");
      return [text, header("content-encoding"), header("etag")];
    };
    const plain = await given("/app.js");
    const br = await given("/app.js", "gzip, br");
    const gz = await given("/app.js", "gzip, br;q=0.5, zstd");
    expect([plain[0], plain[1]]).toEqual(["script", null]);
    expect([br[0], br[1], gz[0], gz[1]]).toEqual(["script by br", "br", "script by gz", "gzip"]);
    expect(new Set([plain[2], br[2], gz[2]]).size).toBe(3);
    expect((await given("/app.js", "br;q=0, gzip;q=0"))[1]).toBeNull();
    expect((await given("/app.js", "zstd"))[1]).toBeNull();
    // The one beside it leads out of the root.
    expect(await given("/a.txt", "gzip")).toEqual(["0123456789", null, expect.anything()]);
    const range: MadeRequest = {
      headers: [
        ["Accept-Encoding", "br"],
        ["Range", "bytes=-2"],
      ],
    };
    expect(await told(options, "/app.js", range)).toBe("206 br");
  });

  test("parts, one or several, and none where there are none", async () => {
    const part = (range: string, ...more: [string, string][]) =>
      ask({}, "/a.txt", { headers: [["Range", range], ...more] });
    const one = await part("bytes=2-4");
    expect([
      one.status,
      one.text,
      one.header("content-range"),
      one.header("content-length"),
    ]).toEqual([206, "234", "bytes 2-4/10", "3"]);
    const none = await part("bytes=10-");
    expect([none.status, none.header("content-range")]).toEqual([416, "bytes */10"]);
    expect((await part("lines=1-2")).status).toBe(200);
    const several = await part("bytes=0-1,-1");
    const [, boundary] = /^multipart\/byteranges; boundary=(.+)$/.exec(
      several.header("content-type")!,
    )!;
    expect(several.text).toBe(
      [
        `--${boundary}`,
        "Content-Type: text/plain; charset=utf-8",
        "Content-Range: bytes 0-1/10",
        "",
        "01",
        `--${boundary}`,
        "Content-Type: text/plain; charset=utf-8",
        "Content-Range: bytes 9-9/10",
        "",
        "9",
        `--${boundary}--`,
        "",
      ].join("\r\n"),
    );
    expect(several.header("content-length")).toBe(String(several.text.length));
    const etag = one.header("etag")!;
    expect((await part("bytes=0-0", ["If-Range", etag])).status).toBe(206);
    expect((await part("bytes=0-0", ["If-Range", '"other"'])).status).toBe(200);
    expect((await part("bytes=0-0", ["If-Range", one.header("last-modified")!])).status).toBe(206);
  });

  test("304 and 412 say no more than they must", async () => {
    const etag = (await ask({}, "/a.txt")).header("etag")!;
    const options = { cacheControl: "no-cache" };
    const same = await ask(options, "/a.txt", { headers: [["If-None-Match", etag]] });
    expect([same.status, same.hasBody]).toEqual([304, false]);
    expect(Array.from(same.headers.entries(), ([name]) => name)).toEqual([
      "Cache-Control",
      "ETag",
      "Last-Modified",
    ]);
    const other = await ask(options, "/a.txt", { headers: [["If-Match", '"x"']] });
    expect([other.status, other.text]).toEqual([412, "Precondition Failed"]);
  });

  test("a file whose time says nothing has no validators", async () => {
    const path = join(root, "packed.txt");
    writeFileSync(path, "packed");
    utimesSync(path, 1, 1);
    const { status, header } = await ask({}, "/packed.txt", {
      headers: [["If-Modified-Since", new Date().toUTCString()]],
    });
    expect([status, header("etag"), header("last-modified")]).toEqual([200, null, null]);
    writeFileSync(path, "later");
    const later = new Date(Date.now() + 3_600_000);
    utimesSync(path, later, later);
    const date = (await ask({}, "/packed.txt")).header("last-modified")!;
    expect(Date.parse(date)).toBeLessThanOrEqual(Date.now());
  });

  test("a root that is a link may lead elsewhere later", async () => {
    for (const release of ["one", "two"]) {
      mkdirSync(join(top, release));
      writeFileSync(join(top, release, "v.txt"), release);
    }
    const current = join(top, "current");
    symlinkSync("one", current);
    const link = await middleware({ root: current });
    const version = async () => (await apply(link, { target: "/v.txt" })).response.text();
    expect(await version()).toBe("one");
    symlinkSync("two", join(top, "new"));
    renameSync(join(top, "new"), current);
    expect(await version()).toBe("two");
  });

  test("no more than so many files are on their way at once", async () => {
    const bounded = await middleware({ maxOpenFiles: 2 });
    const send = async () => {
      const { request, exchange } = makeRequest({ target: "/big.dat" });
      const response = LazyResponse.of(await bounded(() => new Response())(request, exchange));
      return { response, exchange };
    };
    const [one, two, three] = [await send(), await send(), await send()];
    expect([one, two, three].map(({ response }) => response.status)).toEqual([200, 200, 503]);
    expect(three.response.headerList.get("retry-after")).toBe("1");
    expect(await one.response.text()).toBe(BIG);
    one.exchange.finish();
    expect((await send()).response.status).toBe(200);
    expect((await send()).response.status).toBe(503);
    // Those that are read at once have no part in it.
    expect((await apply(bounded, { target: "/a.txt" })).response.status).toBe(200);
    two.exchange.finish();
    expect((await send()).response.status).toBe(200);
  });

  test("what the system refuses is 403, and 503 where it has no room", async () => {
    const failing = (code: string): ServedFiles => ({
      ...servedFiles,
      open() {
        throw Object.assign(new Error(code), { code });
      },
    });
    for (const [code, status] of [
      ["EACCES", 403],
      ["EMFILE", 503],
    ] as const) {
      const given = await middleware({}, failing(code));
      expect((await apply(given, { target: "/a.txt" })).response.status).toBe(status);
    }
    const broken = await middleware({}, failing("EIO"));
    await expect(apply(broken, { target: "/a.txt" })).rejects.toThrow("EIO");
  });

  test("what can't be right is said", async () => {
    const wrong: [Partial<Options>, string][] = [
      [{ root: "www" }, "expected an absolute path"],
      [{ root: join(root, "a.txt") }, "expected a directory"],
      [{ root: "/none/at/all" }, "expected a directory"],
      [{ fallback: "index.html" }, "files: fallback"],
      [{ fallback: "/../x" }, "files: fallback"],
      [{ index: ["a/b"] }, "files: index"],
      [{ precompressed: ["deflate"] }, "expected gzip, br, zstd"],
    ];
    for (const [options, message] of wrong)
      await expect(middleware(options)).rejects.toThrow(message);
    await expect(makeWith(files, { root })).rejects.toThrow("no files on this platform");
  });
});
