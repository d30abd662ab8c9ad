import { describe, expect, test } from "bun:test";
import { answering, CacheScene, type Fields, ok } from "./cache-scene.ts";

const date = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();
const rfc850 = (seconds: number) => {
  const [, day, month, year, time] = /, (\d+) (\w+) \d\d(\d+) (\S+)/.exec(date(seconds))!;
  const week = new Date(Date.now() + seconds * 1000).getUTCDay();
  const names = ["Sun", "Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur"];
  return `${names[week]}day, ${day}-${month}-${year} ${time} GMT`;
};
const control = (value: string): Fields => [["Cache-Control", value]];

describe("what is kept", () => {
  /** A response, whether a second request gets it again, and perhaps fields of both requests. */
  const CASES: [name: string, status: number, fields: Fields, kept: boolean, request?: Fields][] = [
    ["max-age", 200, control("max-age=60"), true],
    ["s-maxage before max-age", 200, control("max-age=0, s-maxage=60"), true],
    ["s-maxage of 0 before max-age", 200, control("s-maxage=0, max-age=60"), false],
    [
      "Expires",
      200,
      [
        ["Expires", date(60)],
        ["Date", date(0)],
      ],
      true,
    ],
    ["Expires in the past", 200, [["Expires", date(-60)]], false],
    ["Expires that is no date", 200, [["Expires", "0"]], false],
    ["max-age before Expires", 200, [...control("max-age=60"), ["Expires", date(-9)]], true],
    ["directives in any case", 200, control("MAX-AGE=60"), true],
    ["an argument in quotes", 200, control('max-age="60"'), true],
    ["a comma in quotes", 200, control('ext="a,no-store", max-age=60'), true],
    ["two lines", 200, [...control("max-age=60"), ...control("no-store")], false],
    ["max-age twice: the shorter", 200, control("max-age=60, max-age=0"), false],
    ["max-age that is no number", 200, control("max-age=1m"), false],
    ["a negative max-age", 200, control("max-age=-60"), false],
    ["a huge max-age", 200, control("max-age=99999999999999999999"), true],
    ["no-store", 200, control("max-age=60, no-store"), false],
    ["private", 200, control("private, max-age=60"), false],
    ["private that names a field", 200, control('private="x-a", max-age=60'), false],
    ["no-cache without a validator", 200, control("no-cache, max-age=60"), false],
    [
      "Pragma alone",
      200,
      [
        ["Expires", date(60)],
        ["Pragma", "no-cache"],
      ],
      false,
    ],
    ["nothing that says how long", 200, [], false],
    ["must-revalidate while it is fresh", 200, control("max-age=60, must-revalidate"), true],
    ["proxy-revalidate while it is fresh", 200, control("max-age=60, proxy-revalidate"), true],
    ["an Age that leaves some time", 200, [...control("max-age=60"), ["Age", "30"]], true],
    ["an Age that leaves none", 200, [...control("max-age=60"), ["Age", "60"]], false],
    ["an Age that is none", 200, [...control("max-age=60"), ["Age", "x"]], true],
    ["an Age list that begins fresh", 200, [...control("max-age=60"), ["Age", "0, 99"]], true],
    ["an Age list that begins stale", 200, [...control("max-age=60"), ["Age", "99, 0"]], false],
    [
      "two Expires",
      200,
      [
        ["Expires", date(60)],
        ["Expires", date(90)],
      ],
      false,
    ],
    ["Expires in RFC 850's form", 200, [["Expires", rfc850(60)]], true],
    ["Expires with a zone of its own", 200, [["Expires", date(60).replace("GMT", "UTC")]], false],
    ["Expires without its comma", 200, [["Expires", date(60).replace(",", "")]], false],
    ["Expires with dashes", 200, [["Expires", date(60).replace(/(\d\d) (...) /, "$1-$2-")]], false],
    ["events", 200, [...control("max-age=60"), ["Content-Type", "text/event-stream"]], false],
    ["Set-Cookie", 200, [...control("public, max-age=60"), ["Set-Cookie", "a=b"]], false],
    ["Vary: *", 200, [...control("max-age=60"), ["Vary", "Accept, *"]], false],
    [
      "Vary of too much",
      200,
      [...control("max-age=60"), ["Vary", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"]],
      false,
    ],
    ["a status that may be", 404, control("max-age=60"), true],
    ["a redirect", 301, control("max-age=60"), true],
    ["a passing redirect that says so", 302, control("max-age=60"), true],
    ["a passing redirect", 302, [], false],
    ["a part", 206, [...control("max-age=60"), ["Content-Range", "bytes 0-1/4"]], false],
    [
      "a part that is called a whole",
      200,
      [...control("max-age=60"), ["Content-Range", "bytes 0-1/4"]],
      false,
    ],
    ["an error", 500, control("max-age=60"), false],
    ["a status that is not known", 299, control("max-age=60"), false],
    ["Authorization", 200, control("max-age=60"), false, [["Authorization", "Bearer x"]]],
    [
      "Authorization and public",
      200,
      control("public, max-age=60"),
      true,
      [["Authorization", "Bearer x"]],
    ],
    [
      "Authorization and s-maxage",
      200,
      control("s-maxage=60"),
      true,
      [["Authorization", "Bearer x"]],
    ],
    [
      "Authorization and must-revalidate",
      200,
      control("max-age=60, must-revalidate"),
      true,
      [["Authorization", "Bearer x"]],
    ],
    ["a request with no-store", 200, control("max-age=60"), false, control("no-store")],
    [
      "a request with a method in a field",
      200,
      control("max-age=60"),
      false,
      [["X-HTTP-Method-Override", "DELETE"]],
    ],
    [
      "a request with a path in a field",
      200,
      control("max-age=60"),
      false,
      [["X-Original-URL", "/admin"]],
    ],
    ["a request with If-Match", 200, control("max-age=60"), false, [["If-Match", '"a"']]],
  ];

  test.each(CASES)("%s", async (_, status, fields, kept, request = []) => {
    const scene = await CacheScene.of();
    scene.answer = () => answering(status, fields, "body");
    const first = await scene.get("/x", request);
    const second = await scene.get("/x", request);
    expect([first.status, first.text, second.status, second.text]).toEqual([
      status,
      "body",
      status,
      "body",
    ]);
    expect(scene.asked.length).toBe(kept ? 1 : 2);
    expect(second.header("cache-status")?.includes("hit")).toBe(kept);
  });

  test("defaultTTL is for responses that say nothing and may be kept", async () => {
    const cases: [number, Fields, number][] = [
      [200, [], 1],
      [200, control("public"), 1],
      [200, control("max-age=0"), 2],
      [200, control("no-cache"), 2],
      [302, [], 2],
      [200, [["Set-Cookie", "a=b"]], 2],
    ];
    for (const [status, fields, asked] of cases) {
      const scene = await CacheScene.of({ defaultTTL: 10_000 });
      scene.answer = () => answering(status, fields, "body");
      await scene.get();
      await scene.get();
      expect([status, fields, scene.asked.length]).toEqual([status, fields, asked]);
      scene.pass(11);
      await scene.get();
      expect(scene.asked.length).toBe(asked === 1 ? 2 : 3);
    }
  });

  test("nothing larger than maxObjectBytes, whether or not its length is said", async () => {
    for (const hides of [false, true]) {
      const scene = await CacheScene.of({ maxObjectBytes: 100 });
      scene.answer = ({ url }) => {
        const response = ok("x".repeat(url.endsWith("large") ? 101 : 100));
        if (hides) response.takeBody()!.length = -1;
        return response;
      };
      for (const target of ["/small", "/small", "/large", "/large"])
        expect((await scene.get(target)).status).toBe(200);
      expect(scene.asked.map(({ target }) => target)).toEqual(["/small", "/large", "/large"]);
    }
  });
});

describe("what is used", () => {
  const CASES: [name: string, age: number, request: Fields, expected: string][] = [
    ["a fresh one", 30, [], "hit"],
    ["not a stale one", 60, [], "fwd=stale; stored"],
    ["not against no-cache", 1, control("no-cache"), "fwd=request; stored"],
    ["not against Pragma", 1, [["Pragma", "no-cache"]], "fwd=request; stored"],
    [
      "Pragma counts for nothing beside Cache-Control",
      1,
      [["Pragma", "no-cache"], ...control("max-age=60")],
      "hit",
    ],
    ["max-age that holds", 30, control("max-age=30"), "hit"],
    ["max-age that doesn't", 31, control("max-age=30"), "fwd=request; stored"],
    ["min-fresh that holds", 30, control("min-fresh=30"), "hit"],
    ["min-fresh that doesn't", 31, control("min-fresh=30"), "fwd=request; stored"],
    ["max-stale of any length", 9_000, control("max-stale"), "hit"],
    ["max-stale that holds", 70, control("max-stale=10"), "hit"],
    ["max-stale that doesn't", 71, control("max-stale=10"), "fwd=stale; stored"],
    ["only-if-cached of a fresh one", 30, control("only-if-cached"), "hit"],
  ];

  test.each(CASES)("%s", async (_, age, request, expected) => {
    const scene = await CacheScene.of();
    await scene.get();
    scene.pass(age);
    expect(await scene.status("/", request)).toBe(expected);
  });

  test("only-if-cached gets 504 where nothing is to be had", async () => {
    const scene = await CacheScene.of();
    expect((await scene.get("/", control("only-if-cached"))).status).toBe(504);
    expect(scene.asked.length).toBe(0);
  });

  test("ignoreRequestDirectives: clients can't have the server asked", async () => {
    const scene = await CacheScene.of({ ignoreRequestDirectives: true });
    for (const value of ["max-age=0", "no-cache", "no-store"]) await scene.get("/", control(value));
    expect(scene.asked.length).toBe(1);
  });

  test("max-stale gets nothing of what must be revalidated", async () => {
    for (const value of [
      "max-age=60, must-revalidate",
      "max-age=60, proxy-revalidate",
      "s-maxage=60",
    ]) {
      const scene = await CacheScene.of();
      scene.answer = () => ok("body", control(value));
      await scene.get();
      scene.pass(61);
      expect(await scene.status("/", control("max-stale"))).toBe("fwd=stale; stored");
    }
  });

  test("Age is what the server said and the time since", async () => {
    const scene = await CacheScene.of();
    scene.answer = () =>
      ok("body", [
        ...control("max-age=60"),
        ["Age", "10"],
        ["Date", "Mon, 30 Nov 2026 00:00:00 GMT"],
      ]);
    expect((await scene.get()).header("age")).toBe("10");
    scene.pass(5.9);
    const { header } = await scene.get();
    expect([header("age"), header("date"), header("cache-status")]).toEqual([
      "15",
      "Mon, 30 Nov 2026 00:00:00 GMT",
      "Sluice; hit; ttl=44",
    ]);
  });

  test("Cache-Status comes behind the members of caches before, and can be left out", async () => {
    const scene = await CacheScene.of();
    scene.answer = () => ok("body", [...control("max-age=60"), ["Cache-Status", "Origin; hit"]]);
    expect((await scene.get()).header("cache-status")).toBe(
      "Origin; hit, Sluice; fwd=uri-miss; stored",
    );
    expect((await scene.get()).header("cache-status")).toBe("Origin; hit, Sluice; hit; ttl=60");
    const silent = await CacheScene.of({ statusHeader: false });
    for (const _ of [1, 2]) expect((await silent.get()).header("cache-status")).toBe(null);
    expect(silent.asked.length).toBe(1);
  });
});

describe("HEAD, methods, bodies", () => {
  test("HEAD is answered from a GET's response, and keeps nothing itself", async () => {
    const scene = await CacheScene.of();
    await scene.ask({ method: "HEAD" });
    await scene.ask({ method: "HEAD" });
    expect(scene.asked.length).toBe(2);
    await scene.get();
    const { status, text, header } = await scene.ask({ method: "HEAD" });
    expect([scene.asked.length, status, text, header("content-length")]).toEqual([3, 200, "", "4"]);
  });

  test("methods says which are answered", async () => {
    const scene = await CacheScene.of({ methods: ["GET"] });
    await scene.get();
    await scene.ask({ method: "HEAD" });
    expect(scene.asked.map(({ method }) => method)).toEqual(["GET", "HEAD"]);
    await expect(CacheScene.of({ methods: ["POST"] })).rejects.toThrow(
      "expected GET, HEAD or both",
    );
  });

  test("a GET with a body, an upgrade, OPTIONS go by the cache", async () => {
    const scene = await CacheScene.of();
    await scene.get();
    await scene.ask({ body: "x" });
    await scene.ask({ upgrade: "websocket" });
    await scene.ask({ method: "OPTIONS" });
    expect(await scene.status()).toBe("hit");
    expect(scene.asked.length).toBe(4);
  });

  test("an unsafe method invalidates its URL and those that the answer names, if it isn't an error", async () => {
    const cases: [string, number, Fields, boolean, boolean][] = [
      ["POST", 200, [], true, false],
      ["PUT", 204, [], true, false],
      ["DELETE", 303, [["Location", "/other?b"]], true, true],
      ["PATCH", 200, [["Content-Location", "http://example.com/other?b"]], true, true],
      ["POST", 200, [["Location", "http://elsewhere.test/other?b"]], true, false],
      ["POST", 200, [["Location", "http://example.com:8080/other?b"]], true, false],
      ["POST", 404, [["Location", "/other?b"]], false, false],
      ["FOO", 500, [], false, false],
    ];
    for (const [method, status, fields, own, other] of cases) {
      const scene = await CacheScene.of();
      const beside = await scene.beside();
      for (const one of [scene, beside]) {
        await one.get("/it?a");
        await one.get("/other?b");
        await one.get("/it?b");
      }
      scene.answer = () => answering(status, fields);
      await scene.ask({ method, target: "/it?a", router: "changes@file" });
      const found: unknown[] = [method, status];
      for (const one of [scene, beside]) {
        one.answer = () => ok("new");
        for (const target of ["/it?a", "/other?b"])
          found.push((await one.get(target)).text === "new");
      }
      expect(found).toEqual([method, status, own, other, own, other]);
    }
  });
});

describe("keys", () => {
  test("scheme, host, path and query as they go to the server", async () => {
    const scene = await CacheScene.of();
    scene.answer = (request) => ok(request.url);
    const targets = ["/a", "/A", "/a/", "/a?", "/a?x=1&y=2", "/a?y=2&x=1", "/%61", "//a"];
    for (const target of targets) await scene.get(target);
    await scene.ask({ target: "/a", host: "other.test" });
    await scene.ask({ target: "/a", headers: [["X-Forwarded-Proto", "https"]] });
    expect(scene.asked.length).toBe(targets.length + 2);
    for (const target of targets)
      expect((await scene.get(target)).text).toBe(`http://example.com${target}`);
    expect(scene.asked.length).toBe(targets.length + 2);
  });

  test("what proxies before us say of host, port and prefix, and the router", async () => {
    const scene = await CacheScene.of();
    const views: (Fields | string)[] = [
      [],
      [["X-Forwarded-Host", "evil.test"]],
      [["X-Forwarded-Port", "8443"]],
      [["X-Forwarded-Prefix", "/evil"]],
      "second@file",
    ];
    for (const round of [0, 1]) {
      for (const [i, view] of views.entries()) {
        scene.answer = () => ok(`view ${i}`);
        const made = typeof view === "string" ? { router: view } : { headers: view };
        expect([round, (await scene.ask(made)).text]).toEqual([round, `view ${i}`]);
      }
    }
    expect(scene.asked.length).toBe(views.length);
    // As forwarded headers have them for every request.
    const usual: Fields = [
      ["X-Forwarded-Host", "example.com"],
      ["X-Forwarded-Port", "80"],
      ["X-Forwarded-Proto", "http"],
    ];
    expect((await scene.get("/", usual)).text).toBe("view 0");
  });

  test("key: without the query, with some parameters of it, with fields", async () => {
    const paths = await CacheScene.of({ key: { query: false } });
    for (const target of ["/a?x", "/a?y", "/a", "/b"]) await paths.get(target);
    expect(paths.asked.map(({ target }) => target)).toEqual(["/a?x", "/b"]);

    const some = await CacheScene.of({ key: { queryParameters: ["id", "a b"] } });
    for (const target of [
      "/a?id=1&utm=x",
      "/a?utm=y&id=1",
      "/a?id=2",
      "/a?a+b=1",
      "/a?a%20b=1&%zz",
      "/a?id=1",
    ])
      await some.get(target);
    expect(some.asked.length).toBe(4);

    const fields = await CacheScene.of({ key: { headers: ["X-Tenant"] } });
    for (const tenant of ["a", "b", "a"]) await fields.get("/", [["x-tenant", tenant]]);
    await fields.get();
    expect(fields.asked.length).toBe(3);
    await expect(CacheScene.of({ key: { headers: ["a b"] } })).rejects.toThrow(
      "expected a header name",
    );
    await expect(CacheScene.of({ key: { query: false, queryParameters: [] } })).rejects.toThrow(
      "no effect",
    );
  });

  test("Vary: each request gets what was chosen by its own fields", async () => {
    const scene = await CacheScene.of({ maxVariants: 2 });
    scene.answer = (request) =>
      ok(request.headers.get("accept-language") ?? "none", [
        ...control("max-age=60"),
        ["Vary", "Accept-Language"],
      ]);
    const language = (value: string): Fields => [["Accept-Language", value]];
    expect((await scene.get("/", language("de, en"))).text).toBe("de, en");
    expect((await scene.get("/", language("de,en"))).text).toBe("de, en");
    expect((await scene.get("/", language("fr"))).header("cache-status")).toBe(
      "Sluice; fwd=vary-miss; stored",
    );
    expect((await scene.get("/", language("fr"))).text).toBe("fr");
    expect(scene.asked.length).toBe(2);
    // The third takes the first's place.
    expect((await scene.get()).text).toBe("none");
    expect((await scene.get("/", language("fr"))).text).toBe("fr");
    expect(scene.asked.length).toBe(3);
    await scene.get("/", language("de,en"));
    expect(scene.asked.length).toBe(4);
  });

  test("Vary goes by the request as it came to the cache, whatever is changed behind it", async () => {
    const scene = await CacheScene.of();
    scene.answer = (request) => {
      (request as unknown as { headerList: { delete(name: string): void } }).headerList.delete(
        "accept",
      );
      return ok("body", [...control("max-age=60"), ["Vary", "Accept"]]);
    };
    await scene.get("/", [["Accept", "text/html"]]);
    expect(await scene.status("/", [["Accept", "text/html"]])).toBe("hit");
    expect(await scene.status()).toBe("fwd=vary-miss; stored");
  });
});
