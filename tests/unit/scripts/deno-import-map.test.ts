import { expect, test } from "bun:test";
import manifest from "../../../package.json" with { type: "json" };
import importMap from "../../../runtime/deno/import-map.json" with { type: "json" };

// `deno task start` needs no node_modules: it has its own map of the same dependencies.
test("Deno's import map has exactly the dependencies of package.json", async () => {
  const expected = Object.entries(manifest.dependencies).map(([name, version]) => [
    name,
    `npm:${name}@${version}`,
  ]);
  expect(importMap.imports).toEqual(Object.fromEntries(expected));
  const lock = await Bun.file(new URL("../../../runtime/deno/deno.lock", import.meta.url)).json();
  expect(Object.keys(lock.specifiers).sort()).toEqual(Object.values(importMap.imports).sort());
});
