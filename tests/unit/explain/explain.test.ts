import { describe, expect, test } from "bun:test";
import { staticSchema } from "../../../src/config/static/schema.ts";
import { readExplainQuery } from "../../../src/explain/explain-query.ts";
import { ask, worldOf } from "./explain-scene.ts";

const SHOP = `
http:
  routers:
    shop: {rule: "Host(\`shop.test\`) && PathPrefix(\`/shop\`)", service: shop, middlewares: [all]}
    whole: {rule: "Host(\`shop.test\`) && Path(\`/about\`)", service: shop, entryPoints: [web]}
    office: {rule: "Host(\`office.test\`) && ClientIP(\`10.0.0.0/8\`)", service: shop}
    secret: {rule: "Host(\`shop.test\`)", service: shop, tls: {}, entryPoints: [websecure]}
    broken: {rule: "Host(\`broken.test\`)", service: gone}
  middlewares:
    all: {chain: {middlewares: [strip, plain]}}
    strip: {stripPrefix: {prefixes: [/shop]}}
    plain: {redirectScheme: {scheme: https}}
    own: {plugin: {stamp: {module: ./stamp.ts}}}
  services:
    shop: {middlewares: [own], weighted: {services: [{name: one, weight: 3}, {name: two}]}}
    one: {loadBalancer: {servers: [{url: "http://10.0.0.1"}, {url: "http://10.0.0.2"}]}}
    two: {loadBalancer: {strategy: p2c, servers: [{url: "http://10.0.0.3"}]}}
tcp:
  routers:
    db: {rule: "HostSNI(\`db.test\`)", service: db, tls: {passthrough: true}, entryPoints: [websecure]}
  services:
    db: {loadBalancer: {servers: [{address: "10.0.0.9:5432"}]}}
`;
const BROKEN = [
  {
    kind: "router" as const,
    name: "broken@file",
    errors: ['the service "gone@file" does not exist'],
  },
];
const world = worldOf(SHOP, BROKEN);

describe("a request that a router takes", () => {
  test("is followed to its servers, through chains and services of services", async () => {
    const down = [
      { kind: "http" as const, service: "one@file", server: "http://10.0.0.1", up: false },
    ];
    const found = await ask(worldOf(SHOP, BROKEN, { down }), "http://SHOP.test/shop/../shop/x");
    expect(found.request).toMatchObject({ host: "shop.test", path: "/shop/x", tls: false });
    expect([found.outcome, found.entryPoint?.name, found.router?.name]).toEqual([
      "routed",
      "web",
      "shop@file",
    ]);
    expect(found.middlewares.map(({ name, type }) => [name, type])).toEqual([
      ["strip@file", "stripprefix"],
      ["plain@file", "redirectscheme"],
      ["own@file", "stamp"],
    ]);
    expect(found.service?.services.map(({ role, service }) => [role, service.servers])).toEqual([
      [
        "weight 3",
        [
          { url: "http://10.0.0.1", status: "DOWN" },
          { url: "http://10.0.0.2", status: "UP" },
        ],
      ],
      ["weight 1", [{ url: "http://10.0.0.3", status: "UP" }]],
    ]);
    expect(found.summary.join(" ")).toContain(
      "The middleware plain@file answers with a redirection",
    );
  });

  test("shows its certificate and TLS options", async () => {
    const shown = { commonName: "", sans: ["*.test"], notAfter: "2030-01-01", status: "enabled" };
    const certificates = [{ names: ["*.test"], isDefault: false, shown }];
    const found = await ask(worldOf(SHOP, BROKEN, { certificates }), "https://shop.test/");
    expect(found.router?.name).toBe("secret@file");
    expect(found.tls).toEqual({ options: "default", certificate: shown });
    const other = await ask(world, "https://shop.test/");
    expect(other.tls?.certificate).toBe("generated");
  });
});

describe("a 404 names what would have to change", () => {
  test.each([
    [
      "http://shop.test/about/us",
      "",
      'whole@file: it wants Path(`/about`), and the path is "/about/us" (Path matches the whole path: PathPrefix(`/about`) would match)',
    ],
    ["http://shop.test/SHOP", "", "paths are compared with their case"],
    ["http://office.test/", "ip=192.0.2.7", "and the client is 192.0.2.7"],
    ["http://broken.test/", "", 'broken@file: it is disabled: the service "gone@file" does not'],
    [
      "https://office.test/",
      "ip=10.1.1.1",
      "it has no tls, and takes only requests that come without",
    ],
    ["http://10.9.9.9/", "", 'the host is "10.9.9.9"'],
  ])("%s %s", async (url, query, expected) => {
    const found = await ask(world, url, query);
    expect(found.outcome).toBe("not found");
    expect(found.router).toBeUndefined();
    expect(found.summary.at(-1)).toContain(expected);
  });

  test("nearest first, as many as asked for", async () => {
    const { others, routerCount } = await ask(world, "http://shop.test/nothing", "limit=2");
    expect([others.length, routerCount]).toEqual([2, 4]);
    expect(others.map(({ name }) => name).sort()).toEqual(["shop@file", "whole@file"]);
  });
});

test("what comes before routers is said", async () => {
  expect((await ask(world, "https://db.test/")).summary[0]).toContain(
    "The TCP router db@file takes",
  );
  expect(await ask(world, "http://shop.test:81/")).toMatchObject({ outcome: "no entrypoint" });
  const named = await ask(world, "http://shop.test:81/shop", "entryPoint=web");
  expect(named.router?.name).toBe("shop@file");
  expect(ask(world, "http://shop.test/", "entryPoint=wep")).rejects.toThrow(
    'entryPoint: expected one of web, websecure, found "wep"',
  );
  expect((await ask(world, "http://shop.test/%zz")).summary[0]).toContain("answers 400 by itself");
});

test.each([
  ["", "url: expected a URL"],
  ["url=ftp://x", 'url: expected http or https, found "ftp"'],
  ["url=http://x&method=G T", 'method: expected a word, found "G T"'],
  ["url=http://x&header=X", 'header: expected "Name: value", found "X"'],
  ["url=http://x&limit=-1", 'limit: expected a number from 0 to 1000, found "-1"'],
])("%p is no question", (query, message) => {
  expect(() => readExplainQuery(new URLSearchParams(query))).toThrow(message);
});

test("routers below others are followed, and a 404 among them names the nearest of them", async () => {
  const layered = worldOf(`
http:
  routers:
    top: {rule: "Host(\`shop.test\`)", middlewares: [strip], entryPoints: [web]}
    low: {rule: "Path(\`/low\`)", service: shop, parentRefs: [top]}
    lower: {rule: "Path(\`/lower/x\`)", service: shop, parentRefs: [top]}
  middlewares:
    strip: {stripPrefix: {prefixes: [/shop]}}
  services:
    shop: {loadBalancer: {servers: [{url: "http://10.0.0.1"}]}}
`);
  const found = await ask(layered, "http://shop.test/low");
  expect([found.outcome, found.router?.name, found.layers.map(({ name }) => name)]).toEqual([
    "routed",
    "top@file",
    ["low@file"],
  ]);
  expect(found.middlewares.map(({ name }) => name)).toEqual(["strip@file"]);
  const none = await ask(layered, "http://shop.test/lower");
  expect([none.outcome, none.others[0].name, none.routerCount]).toEqual([
    "not found",
    "low@file",
    2,
  ]);
  expect(none.summary[0]).toContain("top@file takes the request, and no router below it does");
});

test("a name without a certificate may get one on demand", async () => {
  const dynamic = `
http:
  routers:
    any: {rule: "HostRegexp(\`^.+\\\\.shop\\\\.test$\`)", service: s, tls: {certResolver: le}}
  services:
    s: {loadBalancer: {servers: [{url: "http://10.0.0.1"}]}}
`;
  const configuration = staticSchema.parse({
    entryPoints: { websecure: { address: ":443" } },
    certificatesResolvers: {
      le: { acme: { httpChallenge: { entryPoint: "websecure" }, onDemand: { ask: "http://h" } } },
    },
  });
  const shown = { commonName: "own.shop.test", sans: [], notAfter: "2030", status: "enabled" };
  const certificates = [{ names: ["own.shop.test"], isDefault: false, shown }];
  const world = worldOf(dynamic, [], { configuration, certificates });
  const found = await ask(world, "https://a.shop.test/");
  expect(found.tls).toEqual({ options: "default", certificate: "generated", onDemand: "le" });
  expect(found.summary[0]).toContain("the resolver le orders one when a client asks for it");
  for (const host of ["own.shop.test", "a.elsewhere.test", "127.0.0.1"])
    expect((await ask(world, `https://${host}/`)).tls?.onDemand).toBeUndefined();
});
