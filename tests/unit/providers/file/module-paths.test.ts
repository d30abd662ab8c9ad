import { expect, test } from "bun:test";
import type { DynamicConfiguration } from "../../../../src/config/dynamic/schema.ts";
import {
  absolutePath,
  modulePaths,
  withModulePaths,
} from "../../../../src/providers/file/module-paths.ts";

test.each([
  ["./a.ts", "/etc/sluice", "/etc/sluice/a.ts"],
  ["../a.ts", "/etc/sluice", "/etc/a.ts"],
  ["/srv/./x/../a.ts", "/etc", "/srv/a.ts"],
  [".", "/", "/"],
  ["../../..", "/a", "/"],
])("%s from %s", (path, directory, expected) => {
  expect(absolutePath(path, directory)).toBe(expected);
});

test("roots of files get absolute paths", () => {
  const middlewares = { a: { files: { root: "www" } }, b: { files: { root: "/srv", index: [] } } };
  const { http } = withModulePaths({ http: { middlewares } } as DynamicConfiguration, "/conf");
  expect(http?.middlewares).toEqual({
    a: { files: { root: "/conf/www" } },
    b: { files: { root: "/srv", index: [] } },
  });
});

test("modules of services get absolute paths; the rest stays as it is", () => {
  const balancer = { loadBalancer: { servers: [] } };
  const services = {
    a: { handler: { module: "./a.ts" } },
    b: { handler: { module: "x/../a.ts" } },
    c: balancer,
  };
  const routers = {};
  const configuration = { http: { routers, services } } as unknown as DynamicConfiguration;
  const absolute = withModulePaths(configuration, "/conf");
  expect(absolute.http?.services?.["c"]).toBe(balancer as never);
  expect(absolute.http?.routers).toBe(routers);
  expect(modulePaths(absolute)).toEqual(["/conf/a.ts"]);
  expect(services.a.handler.module).toBe("./a.ts");
  expect(modulePaths({} as DynamicConfiguration)).toEqual([]);
});
