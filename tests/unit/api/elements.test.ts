import { expect, test } from "bun:test";
import { ElementLists } from "../../../src/api/elements.ts";
import { worldOf } from "../explain/explain-scene.ts";

test("a router below others names them, and has no entrypoint; a plugin goes by its name", async () => {
  const { status } = worldOf(`
http:
  routers:
    top: {rule: "Host(\`a.test\`)", entryPoints: [web]}
    low: {rule: "Path(\`/\`)", service: s, middlewares: [m], parentRefs: [top]}
  middlewares:
    m: {plugin: {Stamp: {module: ./stamp.ts}}}
  services:
    s: {loadBalancer: {servers: [{url: "http://a"}]}}
`);
  const lists = new ElementLists(
    status,
    () => [],
    () => ({}),
  );
  expect(await lists.find("http", "routers", "low@file")).toEqual({
    middlewares: ["m@file"],
    service: "s",
    rule: "Path(`/`)",
    parentRefs: ["top@file"],
    priority: 9n,
    status: "enabled",
    name: "low@file",
    provider: "file",
    priorityStr: "9",
  });
  expect((await lists.find("http", "routers", "top@file"))?.["using"]).toEqual(["web"]);
  expect((await lists.find("http", "middlewares", "m@file"))?.["type"]).toBe("Stamp");
});
