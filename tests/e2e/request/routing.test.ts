import { describe, expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import type { HttpResponse } from "../../support/http/http-response.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { exchange } from "../../support/sockets/raw-client.ts";

type Routers = Record<string, string | Record<string, unknown>>;

/** Routers that answer by themselves and say their name in `X-Router`. */
function answering(routers: Routers): string {
  const http: Record<string, Record<string, unknown>> = { routers: {}, middlewares: {} };
  for (const [name, router] of Object.entries(routers)) {
    const own = typeof router === "string" ? { rule: router } : router;
    http["routers"][name] = { service: "whoami@internal", middlewares: [name], ...own };
    http["middlewares"][name] = { headers: { customResponseHeaders: { "X-Router": name } } };
  }
  return JSON.stringify({ http });
}

/** The router that answered, or the status. */
const routerOf = (response: HttpResponse) => response.header("x-router") ?? response.status;

type Case = [expected: string | number, target: string, fields?: string[], method?: string];

async function expectCases(port: number, cases: readonly Case[]): Promise<void> {
  for (const [expected, target, fields, method] of cases) {
    const response = await get(port, target, fields, method);
    expect([target, fields, routerOf(response)]).toEqual([target, fields, expected]);
  }
}

test("every matcher", async () => {
  const on = (host: string, rule: string) => `Host(\`${host}\`) && ${rule}`;
  await using router = await startRouter({
    dynamic: answering({
      host: "Host(`Shop.test.`)",
      hostRegexp: "HostRegexp(`^[a-z]+\\.wild\\.test$`)",
      path: on("p.test", "Path(`/exact`)"),
      prefix: on("p.test", "PathPrefix(`/api`)"),
      pathRegexp: on("p.test", "PathRegexp(`^/v[0-9]+/`)"),
      method: on("m.test", "Method(`put`)"),
      header: on("h.test", "Header(`X-Kind`, `a b`)"),
      headerRegexp: on("h.test", "HeaderRegexp(`x-kind`, `^[0-9]+$`)"),
      query: on("q.test", "Query(`k`, `v`)"),
      queryAlone: on("q.test", "Query(`flag`)"),
      queryRegexp: on("q.test", "QueryRegexp(`n`, `^[0-9]+$`)"),
      clientIp: on("ip.test", "ClientIP(`127.0.0.0/8`)"),
      elsewhere: on("ip2.test", "ClientIP(`10.0.0.0/8`)"),
      logic: on("l.test", '(Path("/a") || Path("/b")) && !Method(`POST`)'),
    }),
  });
  await expectCases(router.port, [
    ["host", "/", ["Host: shop.test"]],
    ["host", "/", ["Host: SHOP.TEST:8080"]],
    ["host", "/", ["Host: shop.test."]],
    [404, "/", ["Host: shop.test.example"]],
    ["hostRegexp", "/", ["Host: abc.wild.test:1"]],
    [404, "/", ["Host: a1.wild.test"]],
    ["path", "/exact", ["Host: p.test"]],
    [404, "/exact/", ["Host: p.test"]],
    ["prefix", "/api/x", ["Host: p.test"]],
    ["prefix", "/apix", ["Host: p.test"]],
    ["pathRegexp", "/v12/x", ["Host: p.test"]],
    [404, "/vx/x", ["Host: p.test"]],
    ["method", "/", ["Host: m.test", "Content-Length: 0"], "PUT"],
    [404, "/", ["Host: m.test"]],
    ["header", "/", ["Host: h.test", "x-kind: zz", "x-KIND: a b"]],
    ["headerRegexp", "/", ["Host: h.test", "X-Kind: 12"]],
    [404, "/", ["Host: h.test", "X-Kind: 12a"]],
    ["query", "/?a=1&k=v", ["Host: q.test"]],
    ["query", "/?k=w&k=%76", ["Host: q.test"]],
    ["queryAlone", "/?flag", ["Host: q.test"]],
    [404, "/?flag=1", ["Host: q.test"]],
    ["queryRegexp", "/?n=42", ["Host: q.test"]],
    ["clientIp", "/", ["Host: ip.test"]],
    [404, "/", ["Host: ip2.test"]],
    ["logic", "/b", ["Host: l.test"]],
    [404, "/b", ["Host: l.test", "Content-Length: 0"], "POST"],
  ]);
  const missing = await get(router.port, "/", ["Host: nobody.test"]);
  expect([missing.status, missing.text]).toEqual([404, "404 page not found\n"]);
});

test("priorities: the longer rule, the greater number, and above the users' maximum an error", async () => {
  await using router = await startRouter({
    static: "log: {level: INFO}",
    dynamic: answering({
      short: "PathPrefix(`/a`)",
      long: "PathPrefix(`/a/b`)",
      high: { rule: "Path(`/a/b/c`)", priority: 1000 },
      low: { rule: "PathPrefix(`/a/b/c/d/e/f/g/h`)", priority: 1 },
      highest: { rule: "Path(`/a/x`)", priority: 30 },
      tieB: "Path(`/tie-1`) || Path(`/t`)",
      tieA: "Path(`/tie-2`) || Path(`/t`)",
      negative: { rule: "PathPrefix(`/`)", priority: -1 },
    }).replace('"priority":30', '"priority":9223372036854774807'),
  });
  await expectCases(router.port, [
    ["short", "/a"],
    ["long", "/a/b"],
    ["high", "/a/b/c"],
    ["long", "/a/b/c/d/e/f/g/h"],
    ["highest", "/a/x"],
    ["tieA", "/t"],
    ["negative", "/zzz"],
  ]);
  await router.reconfigure(
    answering({ mine: { rule: "PathPrefix(`/`)", priority: 30 }, other: "Path(`/other`)" }).replace(
      '"priority":30',
      '"priority":9223372036854774808',
    ),
  );
  await router.program.logged("exceeds the max user-defined priority 9223372036854774807");
  await router.program.logged("version=2");
  await expectCases(router.port, [
    [404, "/zzz"],
    ["other", "/other"],
  ]);
});

test("entryPoints and asDefault", async () => {
  const [admin, traefik] = [await freePort(), await freePort()];
  await using router = await startRouter({
    web: "    asDefault: true\n",
    static: "ping: {}",
    dynamic: answering({
      everywhere: { rule: "Path(`/both`)", entryPoints: ["web", "admin"] },
      byDefault: "Path(`/default`)",
      onAdmin: { rule: "Path(`/admin`)", entryPoints: ["admin"] },
      half: { rule: "Path(`/half`)", entryPoints: ["admin", "nowhere"] },
    }),
    entryPoints: { admin, traefik },
  });
  await expectCases(router.port, [
    ["everywhere", "/both"],
    ["byDefault", "/default"],
    [404, "/admin"],
    [404, "/ping"],
  ]);
  await expectCases(admin, [
    ["everywhere", "/both"],
    [404, "/default"],
    ["onAdmin", "/admin"],
    ["half", "/half"],
  ]);
  expect((await get(traefik, "/ping")).text).toBe("OK");
  await expectCases(traefik, [[404, "/default"]]);
  await router.program.logged('entryPoint "nowhere" does not exist');
});

test("without asDefault a router is on every entrypoint but traefik", async () => {
  const [admin, traefik] = [await freePort(), await freePort()];
  await using router = await startRouter({
    dynamic: answering({ all: "PathPrefix(`/`)" }),
    entryPoints: { admin, traefik },
  });
  await expectCases(router.port, [["all", "/"]]);
  await expectCases(admin, [["all", "/"]]);
  await expectCases(traefik, [[404, "/"]]);
});

test("a router with a mistake is disabled, the others serve", async () => {
  await using router = await startRouter({
    dynamic: answering({
      syntax: "Path(`/a`",
      matcher: "Pth(`/b`)",
      regexp: "PathRegexp(`(?=x)`)",
      service: { rule: "Path(`/d`)", service: "nope" },
      middleware: { rule: "Path(`/e`)", middlewares: ["nope"] },
      key: { rule: "Path(`/f`)", prioritty: 1 },
      v2: { rule: "PathRegexp(`/g`)", ruleSyntax: "v2" },
      tls: { rule: "Path(`/h`)", tls: { options: "nope" } },
      well: "Path(`/well`)",
      older: { rule: "Path(`/none`, `/older/{id:[0-9]+}`)", ruleSyntax: "v2" },
    }),
  });
  await expectCases(router.port, [
    ...["/a", "/b", "/x", "/d", "/e", "/f", "/g", "/h"].map((path): Case => [404, path]),
    ["well", "/well"],
    ["older", "/older/12"],
    [404, "/older/x"],
  ]);
  for (const name of ["syntax", "matcher", "regexp", "service", "middleware", "key", "v2", "tls"])
    await router.program.logged(`routerName=${name}@file`);
  expect(router.program.log).toContain('unknown key "prioritty", did you mean "priority"?');
});

describe("the path's forms", () => {
  test("ten tricky requests", async () => {
    await using router = await startRouter({
      dynamic: answering({
        slash: "PathPrefix(`/foo/bar`)",
        foo: "PathPrefix(`/foo`)",
        space: "Path(`/a b`)",
        umlaut: "Path(`/ü`)",
        secret: "PathPrefix(`/admin`)",
        percent: "Path(`/100%25`)",
        rest: { rule: "PathPrefix(`/`)", priority: 1 },
      }),
    });
    await expectCases(router.port, [
      ["foo", "/foo%2Fbar"],
      ["slash", "//foo///bar"],
      ["secret", "/public/../admin"],
      ["secret", "/public/%2E%2e/admin"],
      ["secret", "/%61dmin"],
      ["space", "/a%20b"],
      ["umlaut", "/%C3%bc"],
      ["percent", "/100%25"],
      ["secret", "/../../admin?x=/../"],
      ["rest", "/%2Fadmin"],
      [400, "/foo#bar"],
      [400, "/foo%zz"],
      [400, "/foo?a#b"],
    ]);
    // The whole URL in the request line: its authority wins.
    const absolute = await exchange(
      router.port,
      "GET http://x.test/foo/bar HTTP/1.1\r\nHost: x.test\r\n\r\n",
    );
    expect(routerOf(absolute)).toBe("slash");
  });

  test("the upstream gets the normal form; semicolons separate parameters or are encoded", async () => {
    for (const encode of [false, true]) {
      await using router = await startRouter({
        web: `    http: {encodeQuerySemicolons: ${encode}, sanitizePath: ${!encode}}`,
        dynamic: answering({
          b: { rule: "Query(`b`, `2`)", priority: 1000 },
          all: "PathPrefix(`/`)",
        }),
      });
      const { text, header } = await get(router.port, "/x//../%7Ey/%2f?a=1;b=2");
      expect(header("x-router")).toBe(encode ? "all" : "b");
      expect(text).toContain(
        encode ? "GET /x//../~y/%2F?a=1%3Bb=2 HTTP/1.1" : "GET /~y/%2F?a=1&b=2 HTTP/1.1",
      );
    }
  });

  test("encodedCharacters: what isn't allowed is 400 where a router has matched", async () => {
    const names = ["BackSlash", "NullCharacter", "Semicolon", "Percent", "QuestionMark", "Hash"];
    const denied = names.map((name) => `allowEncoded${name}: false`);
    await using router = await startRouter({
      web: `    http: {encodedCharacters: {allowEncodedSlash: true, ${denied.join(", ")}}}`,
      dynamic: answering({ all: "PathPrefix(`/a`)" }),
    });
    await expectCases(router.port, [
      ["all", "/a%2Fb"],
      ["all", "/a?x=%00"],
      ...["%5c", "%00", "%3b", "%25", "%3F", "%23"].map((code): Case => [400, `/a${code}`]),
      [404, "/b%00"],
    ]);
  });
});
