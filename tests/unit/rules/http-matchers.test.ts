import { describe, expect, test } from "bun:test";
import { requestDecorator } from "../../../src/request/request-decorator.ts";
import { requestPath } from "../../../src/request/request-path.ts";
import { compileHttpRule, HTTP_MATCHERS } from "../../../src/rules/http-matchers.ts";
import { parseRule } from "../../../src/rules/parser.ts";
import { type MadeRequest, makeRequest } from "../../support/http/make-request.ts";

const compile = (rule: string) => compileHttpRule(parseRule(rule, HTTP_MATCHERS));

/** What the rule says of a request that came the way all requests come. */
async function matches(rule: string, made: MadeRequest): Promise<boolean> {
  const predicate = compile(rule);
  const { request, lazy, exchange } = makeRequest(made);
  const seen: boolean[] = [];
  await requestPath({ sanitizePath: true })(
    requestDecorator()(() => {
      seen.push(predicate(lazy, exchange));
      return new Response();
    }),
  )(request, exchange);
  expect(seen.length).toBe(1);
  return seen[0];
}

function table(rule: string, yes: readonly MadeRequest[], no: readonly MadeRequest[]): void {
  test(rule.slice(0, 80), async () => {
    for (const made of yes) expect([made, await matches(rule, made)]).toEqual([made, true]);
    for (const made of no) expect([made, await matches(rule, made)]).toEqual([made, false]);
  });
}

const hosts = (...names: string[]) => names.map((host) => ({ host }));
const targets = (...list: string[]) => list.map((target) => ({ target }));
const methods = (...list: string[]) => list.map((method) => ({ method }));
const remotes = (...list: string[]) => list.map((remote) => ({ remote }));
const fields = (...list: [string, string][][]) => list.map((headers) => ({ headers }));

describe("Host", () => {
  table(
    "Host(`example.com`)",
    hosts("example.com", "EXAMPLE.com", "example.com:8080", "example.com.", "example.com.:80"),
    hosts("example.org", "www.example.com", "example.com..", "", "example.com@x"),
  );
  table("Host(`Example.COM.`)", hosts("example.com", "example.com."), hosts("example.org."));
  table("Host(`10::10`)", hosts("[10::10]", "[10::10]:80"), hosts("10.0.0.10", "[10::11]"));
  table(
    "Host(`*.example.com`)",
    hosts("a.example.com", "A.Example.com.:80", "xn--9t9h.example.com", ".example.com"),
    hosts(
      "example.com",
      "a.b.example.com",
      "aexample.com",
      "a.example.com.org",
      "",
      "a.otherexample.com",
    ),
  );
  table("Host(`*.example.com.`)", hosts("a.example.com", "a.example.com."), hosts("example.com"));
  table("Host(`*`)", hosts("a", "a.b.c", "127.0.0.1", ""), []);
  table("Host(`*.`)", hosts("localhost", "localhost."), hosts("a.b", ""));
  table("Host(`*example.com`)", [], hosts("example.com", "aexample.com", "a.example.com", "*.com"));
  table("Host(`.`)", [], hosts("", ".", "a"));
  table(
    "Host(`a.test`) || Host(`B.test.`) || Host(`c.test`)",
    hosts("a.test", "b.test", "C.test."),
    hosts("d.test", ""),
  );
  table("Host(`.`) || Host(`a.test`)", hosts("a.test"), hosts("", "."));
  table("Host(`a.test`) || Host(`*.b.test`)", hosts("a.test", "x.b.test"), hosts("b.test"));
});

describe("HostRegexp", () => {
  table(
    "HostRegexp(`^[a-zA-Z-]+\\.com$`)",
    hosts("example.com", "Example.COM:80"),
    hosts("example.org", "example.com.", "a.example.com"),
  );
  table("HostRegexp(`^[A-Z]+\\.com$`)", [], hosts("EXAMPLE.com", "example.com"));
  table(
    "HostRegexp(`^(a|b)\\.test\\.?$`)",
    hosts("a.test", "b.test.", "A.test.:80"),
    hosts("c.test"),
  );
  // Traefik tries the CNAME of a host as well, which is "" where nothing resolves it.
  table("HostRegexp(`^$`)", hosts("", "a"), []);
  table("HostRegexp(`^(a\\.test)?$`)", hosts("a.test", "b.test"), []);
  table("HostRegexp(`{domain:[a-z]+\\.com}`)", [], hosts("example.com"));
});

describe("paths", () => {
  table(
    "Path(`/css`)",
    targets("/css", "/css?a", "/%63ss", "//css", "/a/../css", "/./css"),
    targets("/", "/css/", "/css/a", "/CSS", "/css%2F"),
  );
  table(
    "PathPrefix(`/css`)",
    targets("/css", "/css/", "/css-x", "/css?a"),
    targets("/", "/cs", "/CSS", "/x/css", "/css/../x"),
  );
  table("PathPrefix(`/foo/bar`)", targets("/foo/bar/x"), targets("/foo%2Fbar"));
  table(
    "PathPrefix(`/foo%2Fbar`)",
    targets("/foo%2Fbar", "/foo%2fbar/x"),
    targets("/foo/bar", "/foo%252Fbar"),
  );
  table("Path(`/foo bar`)", targets("/foo%20bar"), targets("/foo+bar", "/foobar", "/foo%2520bar"));
  table(
    "Path(`/käse/🦭`)",
    targets("/k%C3%A4se/%F0%9F%A6%AD", "/k\xc3\xa4se/%F0%9F%A6%AD"),
    targets("/kase/x"),
  );
  table(
    "PathRegexp(`^/(css|js)`)",
    targets("/css", "/js/a", "/jsx"),
    targets("/", "/a/css", "/CSS"),
  );
  table(
    'PathRegexp("\\\\.(jpe?g|png)$")',
    targets("/a.jpg", "/a/b.jpeg?x=.gif"),
    targets("/a.gif?x=.png", "/png"),
  );
  table(
    'PathRegexp("/{path:(css|js)}")',
    targets("/{path:css}", "/%7Bpath:js%7D/"),
    targets("/css"),
  );
});

describe("Method", () => {
  table("Method(`get`)", methods("GET"), methods("get", "POST", "GETX"));
  table("Method(`PROPFIND`)", methods("PROPFIND"), methods("GET"));
});

describe("Header", () => {
  table(
    "Header(`X-Kind`, `a b`)",
    fields(
      [["x-kind", "a b"]],
      [
        ["X-KIND", "x"],
        ["X-Kind", "a b"],
      ],
    ),
    fields([], [["X-Kind", "a b, c"]], [["X-Kind", "A B"]], [["X-Kinds", "a b"]]),
  );
  table(
    "Header(`content-type`, `application/yaml`)",
    fields([["Content-Type", "application/yaml"]]),
    fields([["Content-Type", "application/yaml; charset=utf-8"]], [["Accept", "application/yaml"]]),
  );
  table("Header(`X-Kind`, `é`)", fields([["X-Kind", "\xc3\xa9"]]), fields([["X-Kind", "\xe9"]]));
  for (const name of ["Host", "host", "Transfer-Encoding", "Trailer"]) {
    table(
      `Header(\`${name}\`, \`x\`) || HeaderRegexp(\`${name}\`, \`.\`)`,
      [],
      fields([[name, "x"]]),
    );
  }
});

describe("HeaderRegexp", () => {
  table(
    "HeaderRegexp(`X-Forwarded-Proto`, `^https?$`)",
    fields(
      [["x-forwarded-proto", "https"]],
      [
        ["X-Forwarded-Proto", "ws"],
        ["X-Forwarded-Proto", "http"],
      ],
    ),
    fields([], [["X-Forwarded-Proto", "HTTP"]], [["X-Forwarded-Host", "http"]]),
  );
  table(
    "HeaderRegexp(`X-Kind`, `^.$`)",
    fields([["X-Kind", "\xc3\xa9"]], [["X-Kind", "\xe9"]], [["X-Kind", "a"]]),
    fields([["X-Kind", "\xc3\xa9\xc3\xa9"]], [["X-Kind", ""]]),
  );
});

describe("Query", () => {
  table(
    "Query(`q`, `traefik`)",
    targets("/?q=traefik", "/?a&q=x&q=traefik", "/?a;q=traefik", "/?q=%74raefik"),
    targets("/", "/?q", "/?q=Traefik", "/?Q=traefik", "/?p=traefik", "/q=traefik"),
  );
  table(
    "Query(`mobile`)",
    targets("/?mobile", "/?mobile=", "/?mobile=1&mobile"),
    targets("/", "/?mobile=1", "/?mobiles"),
  );
  table("Query(`q`, `a b&c`)", targets("/?q=a+b%26c", "/?q=a%20b%26c"), targets("/?q=a%2Bb%26c"));
});

describe("QueryRegexp", () => {
  table(
    "QueryRegexp(`n`, `^[0-9]+$`)",
    targets("/?n=12", "/?n=a&n=1"),
    targets("/?n=", "/?n=a", "/?m=1", "/"),
  );
  table("QueryRegexp(`n`, `^.*$`)", targets("/?n", "/?n=%FF"), targets("/", "/?m"));
  table("QueryRegexp(`n`)", targets("/?n", "/?n="), targets("/?n=1", "/"));
});

describe("ClientIP", () => {
  table(
    "ClientIP(`127.0.0.1`)",
    remotes("127.0.0.1", "::ffff:127.0.0.1"),
    remotes("127.0.0.2", "::1", ""),
  );
  table(
    "ClientIP(`192.168.1.0/24`)",
    remotes("192.168.1.0", "192.168.1.255"),
    remotes("192.168.2.1"),
  );
  table(
    "ClientIP(`fe80::/10`)",
    remotes("fe80::1", "fe80::1%eth0", "febf::"),
    remotes("fec0::", "10.0.0.1"),
  );
  test("looks at the connection and not at X-Forwarded-For", async () => {
    expect(
      await matches("ClientIP(`10.0.0.1`)", { headers: [["X-Forwarded-For", "10.0.0.1"]] }),
    ).toBe(false);
  });
});

describe("logic", () => {
  const made = (host: string, target: string) => ({ host, target });
  table(
    "Host(`a.test`) || Host(`b.test`) && Path(`/css`)",
    [made("a.test", "/js"), made("b.test", "/css")],
    [made("b.test", "/js"), made("c.test", "/css")],
  );
  table(
    "!(Host(`a.test`) && !Path(`/css`))",
    [made("a.test", "/css"), made("b.test", "/js")],
    [made("a.test", "/js")],
  );
  table(
    "!Host(`a.test`) && PathPrefix(`/css`) && Method(`GET`)",
    [made("b.test", "/css")],
    [made("a.test", "/css"), made("b.test", "/js")],
  );
  table("!!Host(`a.test`)", hosts("a.test"), hosts("b.test"));
  table(
    "Path(`/a`) || Method(`PUT`) || Host(`a.test`)",
    [made("a.test", "/"), made("x", "/a"), { method: "PUT" }],
    [made("x", "/")],
  );
});

describe("paths that are no UTF-8", () => {
  const no = (...targets: string[]) => targets.map((target) => ({ target }));
  table("PathRegexp(`^/.$`)", no("/%FF", "/%E9", "/a"), no("/%FF%FF", "/%25FF"));
  table("PathRegexp(`^/[^a-z]+$`)", no("/%FF%80"), no("/a"));
  // The text names three characters, and the path has one byte.
  table("Path(`/%FF`)", [], no("/%FF"));
  table("PathPrefix(`/`)", no("/%FF"), []);
});

describe("mistakes", () => {
  const cases: [rule: string, message: string][] = [
    ["Host(`🦭.com`)", 'Host takes ASCII, found "🦭.com": write the name in punycode'],
    [
      `HostRegexp(\`${"ü".repeat(5000)}\`)`,
      `HostRegexp takes ASCII, found "${"ü".repeat(100)}…": write the name in punycode`,
    ],
    [
      `Path(\`${"x".repeat(5000)}\`)`,
      `Path takes a path that starts with "/", found "${"x".repeat(100)}…"`,
    ],
    ["HostRegexp(`🦭.com`)", 'HostRegexp takes ASCII, found "🦭.com": write the name in punycode'],
    [
      "HostRegexp(`(example.com`)",
      'expected a regular expression in Go\'s syntax, found "(example.com": ',
    ],
    ["Path(`css`)", 'Path takes a path that starts with "/", found "css"'],
    ["PathPrefix(`css`)", 'PathPrefix takes a path that starts with "/", found "css"'],
    ["Path(`/`) && !PathRegexp(`/(css`)", "expected a regular expression in Go's syntax"],
    ["HeaderRegexp(`X`, `a**`)", "expected a regular expression in Go's syntax"],
    ["QueryRegexp(`q`, `[`)", "expected a regular expression in Go's syntax"],
    ["ClientIP(`1`)", '"1" is no IP address or CIDR range'],
    ["ClientIP(`10.0.0.0/33`)", '"10.0.0.0/33" is no IP address or CIDR range'],
    ["Host(`a`, `b`)", "Host takes 1 value, found 2, write Host(`a`) || Host(`b`) at column 1"],
    ["Header(`X`)", "Header takes 2 values, found 1 at column 1"],
    ["Header(`X`, ``)", "expected a value, found none at column 13"],
    ["Query(`a`, `b`, `c`)", "Query takes 1 or 2 values, found 3 at column 1"],
    ["Host(`a`) && HostHeader(`b`)", "HostHeader is of Traefik 2, write Host(`b`) at column 14"],
    ["Method(`GET`, `POST`) && Path(`/`)", "write (Method(`GET`) || Method(`POST`)) at column 1"],
    ["HeadersRegexp(`X`, `y`)", "write HeaderRegexp(`X`, `y`)"],
    ["Headers(`X`, `y`)", "Headers is of Traefik 2, write Header(`X`, `y`) at column 1"],
    ...Object.keys(HTTP_MATCHERS).flatMap((name): [string, string][] => [
      [`${name}()`, "found 0 at column 1"],
      [`${name}(\`\`)`, `expected a value, found none at column ${name.length + 2}`],
      [`${name}(\`a\`, \`b\`, \`c\`)`, "found 3"],
    ]),
  ];
  for (const [rule, message] of cases)
    test(rule, () => expect(() => compile(rule)).toThrow(message));
});

test("ten thousand alternatives, deep ones as well", async () => {
  const list = (each: (i: number) => string) =>
    Array.from({ length: 10_000 }, (_, i) => each(i)).join(" || ");
  const rule = `(${list((i) => `Host(\`h${i}.test\`)`)}) && (${list((i) => `Path(\`/${i}\`)`)})`;
  expect(await matches(rule, { host: "h9999.test", target: "/9999" })).toBe(true);
  expect(await matches(rule, { host: "h10000.test", target: "/9999" })).toBe(false);
  expect(await matches(rule, { host: "h1.test", target: "/10000" })).toBe(false);
});
