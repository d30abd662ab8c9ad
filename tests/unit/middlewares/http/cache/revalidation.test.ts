import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../../../src/core/errors.ts";
import { waitFor } from "../../../../support/wait-for.ts";
import { answering, CacheScene, type Fields, ok, read } from "./cache-scene.ts";

const control = (value: string): Fields => [["Cache-Control", value]];
const MODIFIED = "Mon, 30 Nov 2026 10:00:00 GMT";

describe("a stale response", () => {
  test("is used again where the server says that it is right, with what the server says of it now", async () => {
    const scene = await CacheScene.of();
    scene.answer = () =>
      ok("body", [
        ...control("max-age=60"),
        ["ETag", '"a"'],
        ["Last-Modified", MODIFIED],
        ["X-A", "1"],
        ["X-B", "1"],
        ["Content-Type", "a/b"],
      ]);
    await scene.get();
    scene.pass(61);
    scene.answer = () =>
      answering(304, [
        ...control("max-age=30"),
        ["ETag", '"a"'],
        ["X-A", "2"],
        ["Content-Type", "c/d"],
        ["Content-Length", "999"],
      ]);
    const { status, text, header } = await scene.get("/", [["Range", "bytes=0-1"]]);
    const [, asked] = scene.asked;
    expect([
      asked.headers.get("if-none-match"),
      asked.headers.get("if-modified-since"),
      asked.headers.get("range"),
    ]).toEqual(['"a"', MODIFIED, null]);
    expect([status, text]).toEqual([206, "bo"]);
    expect(
      ["x-a", "x-b", "content-type", "content-length", "age", "cache-status"].map(header),
    ).toEqual(["2", "1", "a/b", "2", "0", "Sluice; fwd=stale; fwd-status=304; stored"]);
    expect(await scene.status()).toBe("hit");
    scene.pass(31);
    expect(await scene.status()).toContain("fwd=stale");
  });

  test("gives way to a new one, and to one that can't be kept", async () => {
    const scene = await CacheScene.of();
    scene.answer = () => ok("old", [...control("max-age=60"), ["ETag", '"a"']]);
    await scene.get();
    scene.pass(61);
    scene.answer = () => ok("new", [...control("no-store"), ["ETag", '"b"']]);
    expect((await scene.get()).text).toBe("new");
    scene.answer = () => ok("newest");
    const { text, header } = await scene.get();
    expect([text, header("cache-status")]).toEqual(["newest", "Sluice; fwd=uri-miss; stored"]);
  });

  test("is kept no longer where a 304 says no-store, or is about another one", async () => {
    for (const fields of [control("no-store"), [["ETag", '"other"']] as Fields]) {
      const scene = await CacheScene.of();
      scene.answer = () => ok("old", [...control("max-age=60"), ["ETag", '"a"']]);
      await scene.get();
      scene.pass(61);
      scene.answer = () => answering(304, fields);
      expect((await scene.get()).text).toBe("old");
      scene.answer = () => ok("new");
      expect((await scene.get()).text).toBe("new");
    }
  });

  test("with no-cache is asked for each time, and not sent twice", async () => {
    const scene = await CacheScene.of();
    scene.answer = () => ok("body", [...control("no-cache"), ["ETag", 'W/"a"']]);
    await scene.get();
    scene.answer = (request) =>
      request.headers.get("if-none-match") === 'W/"a"' ? answering(304, []) : ok("other");
    for (const _ of [1, 2]) expect((await scene.get()).text).toBe("body");
    expect(scene.asked.length).toBe(3);
  });
});

describe("conditional requests", () => {
  const CASES: [request: Fields, stored: Fields, status: number][] = [
    [[["If-None-Match", '"a"']], [["ETag", '"a"']], 304],
    [[["If-None-Match", '"x", W/"a"']], [["ETag", '"a"']], 304],
    [[["If-None-Match", '"a"']], [["ETag", 'W/"a"']], 304],
    [[["If-None-Match", "*"]], [], 304],
    [[["If-None-Match", '"b"']], [["ETag", '"a"']], 200],
    [[["If-None-Match", '"a"']], [], 200],
    [[["If-Modified-Since", MODIFIED]], [["Last-Modified", MODIFIED]], 304],
    [[["If-Modified-Since", MODIFIED]], [["Last-Modified", "Mon, 30 Nov 2026 10:00:01 GMT"]], 200],
    [[["If-Modified-Since", "soon"]], [["Last-Modified", MODIFIED]], 200],
    [
      [
        ["If-None-Match", '"b"'],
        ["If-Modified-Since", MODIFIED],
      ],
      [
        ["ETag", '"a"'],
        ["Last-Modified", MODIFIED],
      ],
      200,
    ],
  ];

  test.each(CASES)("%j of %j is %d", async (request, stored, status) => {
    const scene = await CacheScene.of();
    scene.answer = () => ok("body", [...control("max-age=60"), ["Content-Type", "a/b"], ...stored]);
    await scene.get();
    const answer = await scene.get("/", request);
    expect([answer.status, answer.text]).toEqual([status, status === 304 ? "" : "body"]);
    expect(answer.header("content-type")).toBe(status === 304 ? null : "a/b");
    expect(answer.header("etag")).toBe(stored.find(([name]) => name === "ETag")?.[1] ?? null);
    expect(scene.asked.length).toBe(1);
  });

  test("without anything stored go to the server as they are, and its 304 is not kept", async () => {
    const scene = await CacheScene.of();
    scene.answer = () => answering(304, [...control("max-age=60"), ["ETag", '"a"']]);
    for (const _ of [1, 2]) {
      const { status } = await scene.get("/", [["If-None-Match", '"a"']]);
      expect(status).toBe(304);
    }
    expect(scene.asked.map(({ headers }) => headers.get("if-none-match"))).toEqual(['"a"', '"a"']);
    scene.answer = () => ok("body");
    expect((await scene.get()).text).toBe("body");
  });
});

describe("ranges", () => {
  const CASES: [range: string, status: number, text: string, contentRange: string | null][] = [
    ["bytes=0-0", 206, "0", "bytes 0-0/10"],
    ["bytes=2-5", 206, "2345", "bytes 2-5/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=7-99", 206, "789", "bytes 7-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=-0", 416, "", "bytes */10"],
    ["bytes=5-2", 200, "0123456789", null],
    ["bytes=-", 200, "0123456789", null],
    ["bytes=0-1,4-5", 200, "0123456789", null],
    ["lines=0-1", 200, "0123456789", null],
  ];

  test.each(CASES)("%s of a stored response is %d", async (range, status, text, contentRange) => {
    const scene = await CacheScene.of();
    scene.answer = () => ok("0123456789");
    await scene.get();
    const answer = await scene.get("/", [["Range", range]]);
    expect([answer.status, answer.text, answer.header("content-range")]).toEqual([
      status,
      text,
      contentRange,
    ]);
    expect(answer.header("content-length")).toBe(status === 416 ? null : String(text.length));
    const head = await scene.ask({ method: "HEAD", headers: [["Range", range]] });
    expect([head.status, head.header("content-length")]).toEqual([200, "10"]);
    expect(scene.asked.length).toBe(1);
  });

  test("If-Range asks for the whole where it is another one", async () => {
    const scene = await CacheScene.of();
    scene.answer = () =>
      ok("0123456789", [...control("max-age=60"), ["ETag", '"a"'], ["Last-Modified", MODIFIED]]);
    await scene.get();
    const cases: [string, number][] = [
      ['"a"', 206],
      ['"b"', 200],
      ['W/"a"', 200],
      [MODIFIED, 206],
      ["Mon, 30 Nov 2026 10:00:01 GMT", 200],
    ];
    for (const [ifRange, status] of cases)
      expect(
        (
          await scene.get("/", [
            ["Range", "bytes=0-1"],
            ["If-Range", ifRange],
          ])
        ).status,
      ).toBe(status);
  });

  test("of nothing stored goes to the server; a 206 is not kept, a 200 is", async () => {
    const scene = await CacheScene.of();
    scene.answer = () =>
      answering(206, [...control("max-age=60"), ["Content-Range", "bytes 0-1/4"]], "bo");
    for (const _ of [1, 2])
      expect((await scene.get("/", [["Range", "bytes=0-1"]])).text).toBe("bo");
    expect(scene.asked.map(({ headers }) => headers.get("range"))).toEqual([
      "bytes=0-1",
      "bytes=0-1",
    ]);
    scene.answer = () => ok("body");
    expect((await scene.get("/", [["Range", "bytes=0-1"]])).text).toBe("body");
    expect((await scene.get("/", [["Range", "bytes=0-1"]])).text).toBe("bo");
    expect(scene.asked.length).toBe(3);
  });
});

describe("stale-while-revalidate", () => {
  test("the stale one is given while one request fetches a new one", async () => {
    for (const [options, said] of [
      [{}, ", stale-while-revalidate=30"],
      [{ staleWhileRevalidate: 30_000 }, ""],
    ] as const) {
      const scene = await CacheScene.of(options);
      scene.answer = () => ok("old", control(`max-age=60${said}`));
      await scene.get();
      scene.pass(61);
      const server = Promise.withResolvers<Response>();
      scene.answer = () => server.promise;
      for (const _ of [1, 2, 3]) {
        const { text, header } = await scene.get();
        expect([text, header("cache-status")]).toEqual(["old", "Sluice; hit; ttl=-1"]);
      }
      expect(scene.asked.length).toBe(2);
      server.resolve(ok("new", control("max-age=60")));
      while ((await scene.get()).text === "old");
      expect(await scene.status()).toBe("hit");
      expect(scene.asked.length).toBe(2);
      scene.pass(91);
      scene.answer = () => ok("newest");
      expect((await scene.get()).text).toBe("newest");
    }
  });

  test("never what must be revalidated, and nothing where the request doesn't want it", async () => {
    for (const value of [
      "max-age=60, must-revalidate, stale-while-revalidate=30",
      "max-age=60, must-revalidate",
      "s-maxage=60",
      "no-cache",
    ]) {
      const scene = await CacheScene.of({ staleWhileRevalidate: 30_000, staleIfError: 30_000 });
      scene.answer = () => ok("old", [...control(value), ["ETag", '"a"']]);
      await scene.get();
      scene.pass(61);
      scene.answer = () => ok("new", control(value));
      expect((await scene.get()).text).toBe("new");
      scene.pass(61);
      scene.answer = () => answering(503, []);
      expect((await scene.get()).status).toBe(503);
    }
    const scene = await CacheScene.of({ staleWhileRevalidate: 30_000 });
    await scene.get();
    scene.pass(61);
    expect(await scene.status("/", control("max-age=10"))).toBe("fwd=request; stored");
  });
});

describe("stale-if-error", () => {
  const failures: [string, () => Response][] = [
    ...[500, 502, 503, 504].map((status): [string, () => Response] => [
      String(status),
      () => answering(status, [], "failed"),
    ]),
    [
      "an error",
      () => {
        throw new ProxyError("connect-failed", "upstream", "refused");
      },
    ],
  ];
  test.each(failures)("the stale one stands in for %s, for as long as it may", async (_, fail) => {
    const scene = await CacheScene.of();
    scene.answer = () => ok("old", control("max-age=60, stale-if-error=30"));
    await scene.get();
    scene.answer = fail;
    for (const [after, expected] of [
      [61, "old"],
      [28, "old"],
      [1, "failed"],
    ] as const) {
      scene.pass(after);
      const found = await scene.get().then(
        ({ text }) => text,
        () => "failed",
      );
      expect([after, found]).toEqual([after, expected]);
    }
  });

  test("other statuses are the server's word", async () => {
    const scene = await CacheScene.of({ staleIfError: 30_000 });
    await scene.get();
    scene.pass(61);
    for (const status of [404, 501, 429]) {
      scene.answer = () => answering(status, []);
      expect((await scene.get()).status).toBe(status);
    }
  });
});

describe("requests at once", () => {
  const path = "/at-once";
  test("one asks, and the others get what it brought", async () => {
    const scene = await CacheScene.of();
    const server = Promise.withResolvers<Response>();
    scene.answer = () => server.promise;
    const all = Array.from({ length: 5 }, () => scene.get(path));
    server.resolve(ok("once"));
    expect((await Promise.all(all)).map(({ text }) => text)).toEqual(Array(5).fill("once"));
    expect(scene.asked.length).toBe(1);
  });

  test("the others go themselves where it can't be kept, and don't wait the next time", async () => {
    const scene = await CacheScene.of();
    const server = Promise.withResolvers<Response>();
    scene.answer = () => server.promise;
    const first = scene.get(path);
    const others = [scene.get(path), scene.get(path)];
    expect(scene.asked.length).toBe(1);
    scene.answer = () => ok("own", control("no-store"));
    server.resolve(ok("first", control("no-store")));
    expect((await Promise.all([first, ...others])).map(({ text }) => text)).toEqual([
      "first",
      "own",
      "own",
    ]);
    const pending = Promise.withResolvers<Response>();
    scene.answer = () => pending.promise;
    const later = [scene.get(path), scene.get(path)];
    expect(scene.asked.length).toBe(5);
    pending.resolve(ok("x", control("no-store")));
    // One body can't be read twice.
    await Promise.allSettled(later);
  });

  test("the others go themselves where it fails, takes too long, or its client leaves", async () => {
    for (const end of ["fails", "takes too long", "is left", "is cut off"]) {
      const scene = await CacheScene.of(end === "takes too long" ? { collapseTimeout: 20 } : {});
      const server = Promise.withResolvers<Response>();
      scene.answer = () => server.promise;
      const { exchange, response } = scene.begin({ target: path });
      const first = Promise.resolve(response).then(read);
      first.catch(() => {});
      const other = scene.get(path);
      scene.answer = () => ok("own");
      const gone = new ProxyError("client-gone", "downstream", "gone");
      if (end === "fails") server.reject(new ProxyError("connect-failed", "upstream", "refused"));
      if (end === "is left") exchange.abort(gone);
      if (end === "is cut off") {
        const cut = ok("all of it");
        const body = cut.takeBody()!;
        cut.setBody(Object.assign(body, { length: 100 }));
        body.cancel(gone);
        server.resolve(cut);
        await first.catch(() => {});
        exchange.finish();
      }
      expect([end, (await other).text]).toEqual([end, "own"]);
      server.resolve(ok("late"));
      await first.catch(() => {});
    }
  });

  test("none waits for a while where one took too long", async () => {
    const scene = await CacheScene.of({ collapseTimeout: 20 });
    const server = Promise.withResolvers<Response>();
    scene.answer = () => server.promise;
    const first = scene.get(path);
    scene.answer = () => Promise.withResolvers<Response>().promise;
    void scene.get(path);
    await waitFor("the second to go itself", () => scene.asked.length === 2);
    void scene.get(path);
    void scene.get(path);
    expect(scene.asked.length).toBe(4);
    server.resolve(ok("late"));
    expect((await first).text).toBe("late");
    expect((await scene.get(path)).text).toBe("late");
  });

  test("one whose client leaves while it waits is answered 499", async () => {
    const scene = await CacheScene.of();
    const server = Promise.withResolvers<Response>();
    scene.answer = () => server.promise;
    const first = scene.get(path);
    const { exchange, response } = scene.begin({ target: path });
    exchange.abort(new ProxyError("client-gone", "downstream", "gone"));
    expect((await response).status).toBe(499);
    server.resolve(ok("x"));
    await first;
    expect(scene.asked.length).toBe(1);
  });

  test("what was asked for before it was invalidated is not kept", async () => {
    const scene = await CacheScene.of();
    const server = Promise.withResolvers<Response>();
    scene.answer = () => server.promise;
    const first = scene.get(path);
    scene.answer = () => ok("changed");
    await scene.ask({ method: "POST", target: path });
    server.resolve(ok("before"));
    expect((await first).text).toBe("before");
    scene.answer = () => ok("after");
    expect((await scene.get(path)).text).toBe("after");
  });
});

test("the middleware purges a URL, a prefix, or all", async () => {
  const scene = await CacheScene.of();
  const fill = async () => {
    scene.asked.length = 0;
    for (const target of ["/a", "/a/b", "/c"]) await scene.get(target);
    return scene.asked.map(({ target }) => target);
  };
  const purge = scene.middleware.purge!;
  expect(await fill()).toEqual(["/a", "/a/b", "/c"]);
  expect(await purge({ url: "http://example.com/a", shared: true })).toBe(1);
  expect(await fill()).toEqual(["/a"]);
  expect(await purge({ prefix: "http://example.com/a", shared: true })).toBe(2);
  expect(await fill()).toEqual(["/a", "/a/b"]);
  expect(await purge({ shared: true })).toBe(3);
  expect(await fill()).toEqual(["/a", "/a/b", "/c"]);
  // What is on its way is forgotten as well.
  for (const what of [
    { prefix: "http://example.com/way" },
    { url: "http://example.com/way" },
    {},
  ]) {
    const server = Promise.withResolvers<Response>();
    scene.answer = () => server.promise;
    const way = scene.get("/way");
    await purge({ ...what, shared: true });
    server.resolve(ok("x"));
    await way;
    scene.answer = () => ok("y");
    expect((await scene.get("/way")).text).toBe("y");
    await purge({ shared: true });
  }
});
