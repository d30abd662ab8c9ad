import { expect, test } from "bun:test";
import manifest from "../../../package.json" with { type: "json" };
import importMap from "../../../runtime/deno/import-map.json" with { type: "json" };

// Those that modules of the user's may import without an installation, with all that is in them.
const OFFERED = ["hono", "itty-router", "zod"] as const;

// `deno task start` needs no node_modules: it has its own map of the same dependencies.
test("Deno's import map has exactly the dependencies of package.json", async () => {
  const expected = Object.entries(manifest.dependencies).map(([name, version]) => [
    name,
    `npm:${name}@${version}`,
  ]);
  const within = OFFERED.map((name) => [
    `${name}/`,
    `npm:/${name}@${manifest.dependencies[name]}/`,
  ]);
  const { imports } = importMap;
  expect(imports as unknown).toEqual(Object.fromEntries([...expected, ...within]));
  const lock = await Bun.file(new URL("../../../runtime/deno/deno.lock", import.meta.url)).json();
  expect(Object.keys(lock.specifiers).sort()).toEqual(
    expected.map(([, specifier]) => specifier).sort(),
  );
});
