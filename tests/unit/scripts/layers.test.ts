import { describe, expect, test } from "bun:test";
import { checkLayers } from "../../../scripts/layers.ts";

const check = (files: Record<string, string>) => checkLayers(new Map(Object.entries(files)));

describe("checkLayers", () => {
  test("a clean tree", () => {
    const { violations, warnings, cycles } = check({
      "src/core/bytes.ts":
        "/** Not Bun.write, and no `process.env` */\nexport const a = 'Deno.exit';\n",
      "src/net/peek.ts": 'import { a } from "../core/bytes.ts";\nexport const b = a;\n',
      "src/config/yaml.ts": 'import { load } from "js-yaml";\nexport const read = load;\n',
      "src/cli/version.ts":
        'import m from "../../package.json" with { type: "json" };\nexport const v = m;\n',
      "runtime/bun/main.ts": 'import { b } from "../../src/net/peek.ts";\nBun.write("x", b);\n',
      "src/upstream/pool.ts": 'import { C } from "./client.ts";\nexport class P { c = C; }\n',
      "src/upstream/client.ts": "export class C {}\n",
      "src/server/worker.ts":
        "export const s = (p: { process: { pid: number } }) => p.process.pid;\n",
    });
    expect(violations).toEqual([]);
    expect(warnings).toEqual([]);
    expect(cycles).toEqual([]);
  });

  const cases: [name: string, files: Record<string, string>, violation: string][] = [
    ["upward", { "src/core/a.ts": 'import type { B } from "../net/b.ts";\n' }, "core is below net"],
    [
      "upward, dynamic",
      { "src/wire/a.ts": 'const b = import("../http/b.ts");\n' },
      "wire is below http",
    ],
    [
      "upward, several lines",
      { "src/core/a.ts": 'import {\n  B,\n} from "../net/b.ts";\n' },
      "core is below net",
    ],
    [
      "upward, for its side effects",
      { "src/core/a.ts": 'import "../cli/b.ts";\nexport const c = 1;\n' },
      "core is below cli",
    ],
    [
      "out of src",
      { "src/cli/a.ts": 'import "../../runtime/bun/main.ts";\n' },
      "src/ stands alone",
    ],
    [
      "tests in a runtime",
      { "runtime/bun/a.ts": 'import "../../tests/support/x.ts";\n' },
      "runtime/ imports from",
    ],
    ["node:", { "src/core/a.ts": 'import { join } from "node:path";\n' }, "belongs to a runtime"],
    ["bun", { "src/core/a.ts": 'import { file } from "bun";\n' }, "belongs to a runtime"],
    [
      "Bun.",
      { "src/core/a.ts": "export const a = 1;\nBun.sleep(a);\n" },
      "src/core/a.ts:2: names the runtime's Bun",
    ],
    [
      "globalThis.Deno",
      { "src/core/a.ts": "globalThis.Deno.exit();\n" },
      "names the runtime's Deno",
    ],
    [
      "process",
      { "src/core/a.ts": "export const a = process.env;\n" },
      "names the runtime's process",
    ],
    ["no layer", { "src/misc/a.ts": "export const a = 1;\n" }, "not in a folder of the layers"],
    ["no extension", { "src/core/a.ts": 'import { b } from "./b";\n' }, "has no extension"],
    [
      "a re-export beside an own one",
      { "src/core/a.ts": 'export const a = 1;\nexport {\n  b,\n} from "./b.ts";\n' },
      "src/core/a.ts:4: passes on",
    ],
    [
      "a re-export of a type",
      { "src/core/a.ts": 'export type { B } from "./b.ts";\n' },
      "src/core/a.ts:1: passes on",
    ],
    ["a barrel", { "src/core/a.ts": 'export * from "./b.ts";\n' }, "src/core/a.ts:1: passes on"],
    ["a name", { "src/core/utils.ts": "export const a = 1;\n" }, "says nothing"],
    [
      "two wrappers",
      { "src/core/a.ts": 'import "re2js";\n', "src/core/b.ts": 'import { x } from "re2js";\n' },
      "re2js is imported by more than one file: src/core/a.ts, src/core/b.ts",
    ],
  ];
  test.each(cases)("%s", (_, files, violation) => {
    const { violations } = check(files);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(violation);
  });

  test("a circle of imports is found where one of them is of types, dynamic or a re-export", () => {
    const { cycles } = check({
      "src/core/a.ts": 'import type { b } from "./b.ts";\n',
      "src/core/b.ts": 'const c = import("./c.ts");\n',
      "src/core/c.ts": 'export { a } from "./a.ts";\nexport const c = 1;\n',
      "src/core/d.ts": 'import { a } from "./a.ts";\n',
    });
    expect(cycles).toEqual([["src/core/a.ts", "src/core/b.ts", "src/core/c.ts"]]);
  });

  test("long files are a warning", () => {
    const { violations, warnings } = check({
      "src/core/a.ts": "export const a = 1;\n".repeat(401),
    });
    expect(violations).toEqual([]);
    expect(warnings).toEqual(["src/core/a.ts: 401 lines, more than 400"]);
  });
});
