import { describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { get } from "../../support/http/get.ts";
import { forwardingTo, startRouter } from "../../support/router.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, echoing, plain } from "../../support/sockets/upstream-scripts.ts";

const MANAGED = [
  "X-Forwarded-For: 6.6.6.6",
  "X-Forwarded-Host: evil.test",
  "X-Forwarded-Port: 666",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Server: evil",
  "X-Real-Ip: 6.6.6.6",
  "X-Forwarded-Prefix: /evil",
  "X-Forwarded-Uri: /evil",
  "X-Forwarded-Method: EVIL",
  "X-Forwarded-Tls-Client-Cert: evil",
  "X-Forwarded-Tls-Client-Cert-Info: evil",
  "X_Forwarded_For: 6.6.6.6",
  "x-forwarded_prefix: /evil",
  "Forwarded: for=5.5.5.5",
  "X-Own: kept",
];

describe("forwarded headers as an upstream sees them", () => {
  test("from a peer that isn't trusted", async () => {
    using upstream = startUpstream(echoing());
    await using router = await startRouter({ workers: 1, dynamic: forwardingTo(upstream.url) });
    await get(router.port, "/", ["Host: app.test:81", ...MANAGED]);
    const [request] = upstream.requests;
    const sent = Object.fromEntries(
      request.fields.map(([name, value]) => [name.toLowerCase(), value]),
    );
    expect(sent).toEqual({
      host: "app.test:81",
      forwarded: "for=5.5.5.5",
      "x-own": "kept",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "app.test:81",
      "x-forwarded-port": "81",
      "x-forwarded-proto": "http",
      "x-forwarded-server": hostname(),
      "x-real-ip": "127.0.0.1",
    });
  });

  test("from a trusted peer", async () => {
    using upstream = startUpstream(echoing());
    await using router = await startRouter({
      workers: 1,
      web: "    forwardedHeaders: {trustedIPs: [127.0.0.0/8]}",
      dynamic: forwardingTo(upstream.url),
    });
    await get(router.port, "/", MANAGED);
    const [request] = upstream.requests;
    for (const line of MANAGED) {
      const [name, value] = line.split(": ");
      const expected: Record<string, string | undefined> = {
        "X-Forwarded-For": "6.6.6.6, 127.0.0.1",
        "X-Forwarded-Server": hostname(),
        // No peer is trusted with other spellings.
        X_Forwarded_For: undefined,
        "x-forwarded_prefix": undefined,
      };
      const wanted = name in expected ? expected[name] : value;
      expect([name, request.header(name)]).toEqual([name, wanted]);
    }
  });

  test("what Connection names goes, except the managed ones and the listed ones until the proxy", async () => {
    using upstream = startUpstream(echoing());
    await using router = await startRouter({
      workers: 1,
      web: "    forwardedHeaders: {connection: [x-listed]}",
      dynamic: forwardingTo(upstream.url).replace(
        "PathPrefix(`/`)",
        "Header(`X-Listed`, `1`) && !Header(`X-Hop`, `gone`)",
      ),
    });
    await get(router.port, "/", [
      "Connection: keep-alive, X-Hop, X-Listed, X-Forwarded-Host, Host",
      "X-Hop: gone",
      "X-Listed: 1",
      "X-End: stays",
      "Keep-Alive: timeout=5",
      "TE: trailers",
      "Proxy-Connection: keep-alive",
    ]);
    const [request] = upstream.requests;
    for (const gone of ["connection", "x-hop", "x-listed", "keep-alive", "proxy-connection"])
      expect([gone, request.header(gone)]).toEqual([gone, undefined]);
    expect(request.header("x-end")).toBe("stays");
    expect(request.header("host")).toBe("app.test");
    expect(request.header("x-forwarded-host")).toBe("app.test");
  });

  test("passHostHeader and preservePath", async () => {
    using upstream = startUpstream(echoing());
    const service = (extra: object, server: object = {}) => ({
      loadBalancer: { servers: [{ url: `${upstream.url}/base/`, ...server }], ...extra },
    });
    const http = {
      routers: {
        host: { rule: "PathPrefix(`/h`)", service: "host" },
        path: { rule: "PathPrefix(`/p`)", service: "path" },
      },
      services: {
        host: service({ passHostHeader: false }),
        path: service({}, { preservePath: true }),
      },
    };
    await using router = await startRouter({ workers: 1, dynamic: JSON.stringify({ http }) });
    await get(router.port, "/h/a?b");
    await get(router.port, "/p/a?b");
    const [host, path] = upstream.requests;
    expect([host.target, host.header("host")]).toEqual(["/h/a?b", `127.0.0.1:${upstream.port}`]);
    expect([path.target, path.header("host")]).toEqual(["/base/p/a?b", "app.test"]);
  });
});

test("every middleware, chains, and their order", async () => {
  using upstream = startUpstream(
    answering(({ method, target, fields }) =>
      plain(JSON.stringify({ method, target, fields }), "200 OK", ["Server: upstream"]),
    ),
  );
  const middlewares = {
    add: { addPrefix: { prefix: "/added" } },
    strip: { stripPrefix: { prefixes: ["/strip", "/api"] } },
    stripRegex: { stripPrefixRegex: { regex: ["^/v[0-9]+"] } },
    replace: { replacePath: { path: "/replaced" } },
    replaceRegex: { replacePathRegex: { regex: "^/old/(.*)", replacement: "/new/$1" } },
    toHttps: { redirectScheme: { scheme: "https", port: "8443", permanent: true } },
    toWww: {
      redirectRegex: { regex: "^http://([^/]+)/go/(.*)", replacement: "https://www.$1/${2}" },
    },
    request: { headers: { customRequestHeaders: { "X-Set": "one", Referer: "" } } },
    response: {
      headers: { customResponseHeaders: { "X-Out": "out", Server: "" }, frameDeny: true },
    },
    cors: {
      headers: {
        accessControlAllowOriginList: ["https://ui.test"],
        accessControlAllowMethods: ["GET", "PUT"],
        accessControlMaxAge: 60,
        addVaryHeader: true,
      },
    },
    local: { ipAllowList: { sourceRange: ["127.0.0.1/32"] } },
    elsewhere: { ipAllowList: { sourceRange: ["10.0.0.0/8"], rejectStatusCode: 451 } },
    detect: { contentType: {} },
    stripThenAdd: { chain: { middlewares: ["strip", "add"] } },
    nested: { chain: { middlewares: ["stripThenAdd", "response"] } },
    loop: { chain: { middlewares: ["nested", "loop"] } },
  };
  const paths: Record<string, [prefix: string, ...middlewares: string[]]> = {
    add: ["/x", "add"],
    strip: ["/strip", "strip"],
    stripRegex: ["/v", "stripRegex"],
    replace: ["/replace", "replace"],
    replaceRegex: ["/old", "replaceRegex"],
    toHttps: ["/secure", "toHttps"],
    toWww: ["/go", "toWww"],
    headers: ["/headers", "request", "response"],
    cors: ["/cors", "cors"],
    allow: ["/allow", "local"],
    deny: ["/deny", "elsewhere"],
    nested: ["/api", "nested"],
    reversed: ["/reversed/api", "add", "strip"],
    loop: ["/loop", "loop"],
  };
  const routers = Object.fromEntries(
    Object.entries(paths).map(([name, [prefix, ...names]]) => [
      name,
      { rule: `PathPrefix(\`${prefix}\`)`, service: "backend", middlewares: names },
    ]),
  );
  const services = { backend: { loadBalancer: { servers: [{ url: upstream.url }] } } };
  await using router = await startRouter({
    workers: 1,
    dynamic: JSON.stringify({ http: { routers, middlewares, services } }),
  });
  const { port } = router;
  const seenBy = async (target: string, fields?: string[]) => {
    const response = await get(port, target, fields);
    expect(response.status).toBe(200);
    return upstream.requests.at(-1)!;
  };

  expect((await seenBy("/x/y?z")).target).toBe("/added/x/y?z");
  const stripped = await seenBy("/strip/a");
  expect([stripped.target, stripped.header("x-forwarded-prefix")]).toEqual(["/a", "/strip"]);
  expect((await seenBy("/v12/a")).target).toBe("/a");
  const replaced = await seenBy("/replace/a?b=1");
  expect([replaced.target, replaced.header("x-replaced-path")]).toEqual([
    "/replaced?b=1",
    "/replace/a",
  ]);
  expect((await seenBy("/old/a/b")).target).toBe("/new/a/b");

  const count = upstream.requests.length;
  const secure = await get(port, "/secure/a?b");
  expect([secure.status, secure.header("location")]).toEqual([
    301,
    "https://app.test:8443/secure/a?b",
  ]);
  const posted = await get(port, "/secure", ["Content-Length: 0"], "POST");
  expect(posted.status).toBe(308);
  const www = await get(port, "/go/there");
  expect([www.status, www.header("location")]).toEqual([302, "https://www.app.test/there"]);
  const preflight = await get(
    port,
    "/cors",
    ["Origin: https://ui.test", "Access-Control-Request-Method: PUT"],
    "OPTIONS",
  );
  expect(preflight.status).toBe(200);
  expect(preflight.header("access-control-allow-origin")).toBe("https://ui.test");
  expect(preflight.header("access-control-allow-methods")).toBe("GET,PUT");
  expect(preflight.header("access-control-max-age")).toBe("60");
  const denied = await get(port, "/deny");
  expect([denied.status, denied.text]).toEqual([451, "Unavailable For Legal Reasons"]);
  expect((await get(port, "/loop")).status).toBe(404);
  expect(upstream.requests).toHaveLength(count);

  const set = await seenBy("/headers", ["Referer: http://from.test"]);
  expect([set.header("x-set"), set.header("referer")]).toEqual(["one", undefined]);
  const answer = await get(port, "/headers");
  expect(answer.header("x-out")).toBe("out");
  expect(answer.header("x-frame-options")).toBe("DENY");
  expect(answer.header("server")).toBeUndefined();
  const cors = await get(port, "/cors", ["Origin: https://ui.test"]);
  expect(cors.header("access-control-allow-origin")).toBe("https://ui.test");
  expect(cors.header("vary")).toBe("Origin");
  expect((await get(port, "/allow")).status).toBe(200);

  expect((await seenBy("/api/a")).target).toBe("/added/a");
  expect((await seenBy("/reversed/api")).target).toBe("/added/reversed/api");
  await router.program.logged(/recursion: loop@file -> loop@file.*routerName=loop@file/);
});
