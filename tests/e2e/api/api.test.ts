import { describe, expect, test } from "bun:test";
import { ENDPOINTS } from "../../../src/api/document/openapi.ts";
import { API_SCHEMAS } from "../../../src/api/document/schemas.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { command } from "../../support/flavour.ts";
import { get } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { waitFor } from "../../support/wait-for.ts";

const DYNAMIC = `
http:
  routers:
    good: {rule: "Host(\`a.test\`) && PathPrefix(\`/x\`)", service: app, middlewares: [strip], entryPoints: [web]}
    bad: {rule: "Nonsense(\`x\`)", service: app, entryPoints: [web]}
    own: {rule: "PathPrefix(\`/admin\`)", service: api@internal, entryPoints: [web]}
  middlewares:
    strip: {stripPrefix: {prefixes: [/x]}}
    token: {jwt: {secret: "geheim-geheim-geheim-geheim-geheim"}}
  services:
    app: {loadBalancer: {servers: [{url: "http://127.0.0.1:1"}]}}
tcp:
  routers:
    all: {rule: "HostSNI(\`*\`)", service: db, entryPoints: [tcp]}
  services:
    db: {loadBalancer: {servers: [{address: "127.0.0.1:2"}]}}
`;

async function startApi(api: string, workers = 1, providers = "") {
  const [admin, tcp] = [await freePort(), await freePort()];
  const router = await startRouter({
    dynamic: DYNAMIC,
    entryPoints: { traefik: admin, tcp },
    providers,
    static: `api: ${api}\ncore: {workers: ${workers}}`,
  });
  const ask = async (path: string, fields: string[] = [], method = "GET") => {
    const response = await get(admin, path, fields, method);
    return { ...response, json: () => JSON.parse(response.text) };
  };
  return { router, admin, ask, [Symbol.asyncDispose]: () => router[Symbol.asyncDispose]() };
}

describe.each([1, 2])("the API with %p workers", (workers) => {
  test("shows elements with their errors and who uses them", async () => {
    await using api = await startApi("{insecure: true}", workers);
    const good = (await api.ask("/api/http/routers/good@file")).text;
    expect(good).toBe(
      '{"entryPoints":["web"],"middlewares":["strip@file"],"service":"app","rule":"Host(`a.test`) \\u0026\\u0026 PathPrefix(`/x`)","priority":34,"observability":{"accessLogs":true,"metrics":true,"tracing":true,"traceVerbosity":"minimal"},"status":"enabled","using":["web"],"name":"good@file","provider":"file","priorityStr":"34"}\n',
    );
    const bad = (await api.ask("/api/http/routers/bad@file")).json();
    expect(bad).toMatchObject({ status: "disabled", priorityStr: "0", using: ["web"] });
    expect(bad.error[0]).toContain('unknown matcher "Nonsense"');
    expect((await api.ask("/api/http/services/app@file")).json()).toEqual({
      loadBalancer: { servers: [{ url: "http://127.0.0.1:1" }], passHostHeader: true },
      status: "enabled",
      usedBy: ["bad@file", "good@file"],
      name: "app@file",
      provider: "file",
      type: "loadbalancer",
      serverStatus: { "http://127.0.0.1:1": "UP" },
    });
    expect((await api.ask("/api/http/middlewares/strip@file")).json()).toMatchObject({
      stripPrefix: { prefixes: ["/x"] },
      usedBy: ["good@file"],
      type: "stripprefix",
    });
    expect((await api.ask("/api/http/middlewares/token@file")).json().jwt).toEqual({
      secret: "xxxx",
    });
    expect((await api.ask("/api/tcp/routers/all%40file")).json()).toMatchObject({
      priority: -1,
      priorityStr: "-1",
    });
    const overview = (await api.ask("/api/overview")).json();
    expect(overview.http.routers).toEqual({ total: 5, warnings: 0, errors: 1 });
    expect(overview.providers).toEqual(["File"]);
    const raw = (await api.ask("/api/rawdata")).json();
    expect(Object.keys(raw.routers)).toEqual([
      "api@internal",
      "bad@file",
      "dashboard@internal",
      "good@file",
      "own@file",
    ]);
    expect(raw.routers["good@file"].name).toBeUndefined();
    const text = (await api.ask("/api/http/routers/api@internal")).text;
    expect(text).toContain('"priority":9223372036854775806');
  });

  test("follows the configuration", async () => {
    await using api = await startApi("{insecure: true}", workers);
    await api.router.reconfigure(DYNAMIC.replace("bad:", "renamed:"));
    await waitFor(
      "the renamed router",
      async () => (await api.ask("/api/http/routers/renamed@file")).status === 200,
    );
    expect((await api.ask("/api/http/routers/bad@file")).status).toBe(404);
  });
});

describe("the API", () => {
  test("answers as Traefik does where it refuses", async () => {
    await using api = await startApi("{insecure: true}");
    const missing = await api.ask("/api/http/services/none@file");
    expect([missing.status, missing.text, missing.header("Content-Type")]).toEqual([
      404,
      '{"message":"service not found: none@file"}\n',
      "text/plain; charset=utf-8",
    ]);
    expect((await api.ask("/api/http/routers?page=9")).text).toBe(
      '{"message":"invalid request: page: 9, per_page: 100"}\n',
    );
    const pages = await api.ask("/api/http/routers?per_page=2");
    expect([pages.json().length, pages.header("X-Next-Page")]).toEqual([2, "2"]);
    expect((await api.ask("/api")).text).toBe("404 page not found\n");
    expect((await api.ask("/api/overview", [], "POST")).status).toBe(405);
    expect((await api.ask("/api/providers/rest", [], "PUT")).status).toBe(404);
    expect((await api.ask("/api/entrypoints/traefik")).json()).toMatchObject({
      name: "traefik",
      transport: { respondingTimeouts: { readTimeout: "1m0s" } },
    });
  });

  test("is where a router of one's own puts it, and nowhere else without insecure", async () => {
    await using api = await startApi("{basePath: /admin}");
    const { port } = api.router;
    expect((await get(port, "/admin/api/version")).status).toBe(200);
    expect((await get(port, "/admin")).header("Location")).toBe("/admin/dashboard/");
    expect((await get(port, "/admin/dashboard/")).text).toContain("<title>Sluice</title>");
    expect((await get(port, "/api/version")).status).toBe(404);
    expect((await api.ask("/api/version")).status).toBe(404);
  });

  test("has a dashboard that loads nothing from elsewhere", async () => {
    await using api = await startApi("{insecure: true}");
    const root = await api.ask("/");
    expect([root.status, root.header("Location")]).toEqual([301, "http://app.test/dashboard/"]);
    expect((await api.ask("/dashboard")).text).toContain("<title>Sluice</title>");
    const page = await api.ask("/dashboard/");
    expect(page.header("Content-Security-Policy")).toContain("default-src 'none'");
    for (const [, file] of page.text.matchAll(/(?:href|src)="([^#"][^"]*)"/g))
      expect((await api.ask(`/dashboard/${file}`)).status).toBe(200);
    expect(page.text).not.toContain("http");
  });

  test("says which servers a health check has found to be down", async () => {
    await using api = await startApi("{insecure: true}", 2);
    await using up = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("ok") });
    const servers = `servers: [{url: "${up.url.origin}"}, {url: "http://127.0.0.1:1"}]`;
    const check = "healthCheck: {path: /, interval: 100ms}";
    await api.router.reconfigure(
      `http: {services: {app: {loadBalancer: {${servers}, ${check}}}}}\n`,
    );
    await waitFor("the second server to be down", async () => {
      const { serverStatus } = (await api.ask("/api/http/services/app@file")).json();
      return (
        serverStatus?.[up.url.origin] === "UP" && serverStatus["http://127.0.0.1:1"] === "DOWN"
      );
    });
  });

  test("shows certificates, its own document, the engine's memory, and makes a dump", async () => {
    await using api = await startApi("{insecure: true, debug: true}");
    const names = ["DNS:b.test", "DNS:*.a.test", "IP:10.0.0.1"];
    const { certificate: certFile, key: keyFile } = makeCertificate({ names });
    const tls = { certificates: [{ certFile, keyFile }] };
    await api.router.reconfigure(`${DYNAMIC}\ntls: ${JSON.stringify(tls)}\n`);
    const [certificate] = await waitFor("the certificate", async () => {
      const all = (await api.ask("/api/certificates")).json();
      return all.length > 0 ? all : undefined;
    });
    expect(API_SCHEMAS.Certificate.parse(certificate)).toMatchObject({
      sans: ["*.a.test", "10.0.0.1", "b.test"],
      keyType: "ECDSA",
      status: "warning",
    });
    const one = await api.ask(`/api/certificates/${certificate.name}`);
    expect(one.json()).toEqual(certificate);
    expect((await api.ask("/api/certificates/none")).text).toBe(
      '{"message":"certificate not found: none"}\n',
    );
    expect((await api.ask("/api/overview")).json().certificates.total).toBe(1);

    const { paths } = (await api.ask("/api/openapi.json")).json();
    for (const { path, schema, sortedBy } of ENDPOINTS) {
      expect(Object.keys(paths)).toContain(path);
      if (path.includes("{name}") || path === "/api/explain") continue;
      const found = (await api.ask(path)).json();
      for (const element of sortedBy === undefined ? [found] : found)
        expect(() => API_SCHEMAS[schema].parse(element)).not.toThrow();
    }

    const { memstats } = (await api.ask("/debug/vars")).json();
    expect(memstats.HeapAlloc).toBeGreaterThan(1_000_000);
    const profile = (await api.ask("/debug/pprof/profile?seconds=0.05")).json();
    expect(profile.nodes.length).toBeGreaterThan(0);
    const dump = await fetch(`http://127.0.0.1:${api.admin}/api/support-dump`);
    const archive = new Uint8Array(await dump.arrayBuffer());
    const tar = (...args: string[]) =>
      Bun.spawnSync(["tar", ...args], { stdin: archive }).stdout.toString();
    expect(tar("-tz").split("\n").slice(0, 3)).toEqual([
      "version.json",
      "static-config.json",
      "runtime-config.json",
    ]);
    const configuration = tar("-xzO", "static-config.json");
    expect(JSON.parse(configuration).api.debug).toBe(true);
    expect(configuration).not.toContain("dynamic.yml");
  });

  test("takes a configuration by PUT, which replaces the one before", async () => {
    await using api = await startApi("{insecure: true}", 2, "  rest: {insecure: true}");
    const put = async (body: string, name = "rest") => {
      const response = await fetch(`http://127.0.0.1:${api.admin}/api/providers/${name}`, {
        method: "PUT",
        body,
      });
      return [response.status, await response.text()] as const;
    };
    const first = `{"http":{"routers":{"put":{"rule":"Path(\`/put\`)","service":"api@internal","color":"red"}}}}`;
    const [status, echo] = await put(first);
    expect(status).toBe(200);
    expect(JSON.parse(echo)).toEqual({
      http: { routers: { put: { rule: "Path(`/put`)", service: "api@internal" } } },
    });
    const shown = async () => (await api.ask("/api/http/routers/put@rest")).json();
    await waitFor("the router", async () => (await shown()).provider === "rest");
    expect(await put("{}")).toEqual([200, "{}"]);
    expect((await put("{"))[0]).toBe(400);
    expect(await put("{}", "file")).toEqual([
      400,
      "Only 'rest' provider can be updated through the REST API\n",
    ]);
    expect((await api.ask("/api/providers/rest")).status).toBe(405);
    expect((await shown()).provider).toBe("rest");
    await put(first.replace('"put"', '"other"'));
    await waitFor("the other router", async () => {
      const { status: found } = await api.ask("/api/http/routers/other@rest");
      return found === 200;
    });
    expect((await api.ask("/api/http/routers/put@rest")).status).toBe(404);
    expect((await api.ask("/api/http/services/rest@internal")).json()).toEqual({
      status: "enabled",
      usedBy: ["rest@internal"],
      name: "rest@internal",
      provider: "internal",
    });
  });

  test("explains what really happens", async () => {
    await using api = await startApi("{insecure: true}");
    const { port } = api.router;
    // No server listens, so that a router's answer is 502.
    for (const [target, router, status] of [
      ["/x/y", "good@file", 502],
      ["/y", undefined, 404],
    ] as const) {
      const url = encodeURIComponent(`http://a.test:${port}${target}`);
      const explained = (await api.ask(`/api/explain?url=${url}`)).json();
      expect(API_SCHEMAS.Explanation.parse(explained).router?.name).toBe(router);
      expect((await get(port, target, ["Host: a.test"])).status).toBe(status);
    }
    expect((await api.ask("/api/explain")).text).toContain("url: expected a URL");
    const child = Bun.spawn(
      [...command(), "explain", `http://a.test:${port}/x`, `--api=http://127.0.0.1:${api.admin}`],
      { stdout: "pipe" },
    );
    expect(await new Response(child.stdout).text()).toContain("The router good@file on web takes");
    expect(await child.exited).toBe(0);
  });

  test("tells a request with the token its way in the response, and nothing else", async () => {
    const token = "0123456789abcdef";
    await using api = await startApi(`{insecure: true, explainToken: ${token}}`);
    const { port } = api.router;
    const told = async (target: string, ...fields: string[]) =>
      (await get(port, target, ["Host: a.test", ...fields])).header("sluice-explain");
    expect(await told("/x/y", `Sluice-Explain: ${token}`)).toStartWith(
      'entryPoint="web", router="good@file", ',
    );
    expect(await told("/none", `Sluice-Explain: ${token}`)).toBe('entryPoint="web"');
    expect(await told("/x/y", "Sluice-Explain: 0123456789abcdeg")).toBeUndefined();
    expect(await told("/x/y")).toBeUndefined();
  });

  test("without a dashboard has none", async () => {
    await using api = await startApi("{insecure: true, dashboard: false}");
    expect((await api.ask("/dashboard/")).status).toBe(404);
    expect((await api.ask("/api/version")).status).toBe(200);
  });
});
