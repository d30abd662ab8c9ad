/** Traefik's own reference configurations: no key of them is unknown, and none is ignored in silence. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { keyRows } from "../../../scripts/schema/compatibility-page.ts";
import { canonicalise, REFUSED } from "../../../src/config/canonical.ts";
import { dynamicSchema } from "../../../src/config/dynamic/schema.ts";
import { validateDynamic } from "../../../src/config/dynamic/validate.ts";
import { parseYaml } from "../../../src/config/sources/yaml/parse-yaml.ts";
import { staticSchema } from "../../../src/config/static/schema.ts";

const PLANES: readonly [name: string, schema: z.ZodType][] = [
  ["static", staticSchema],
  ["dynamic", dynamicSchema],
];

function read(name: string) {
  const file = join(import.meta.dirname, `reference/${name}.yaml`);
  const text = readFileSync(file, "utf8");
  return { text, document: parseYaml(text, `${name}.yaml`) };
}

/** Line and column of each key, by its indentation: the files are regular. */
function keysOf(text: string): { path: string; where: string }[] {
  const found: { path: string; where: string }[] = [];
  const open: { indent: number; name: string }[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    const match = /^([ -]*)([A-Za-z0-9]+):/.exec(line);
    if (match === null) continue;
    const [, before, name] = match;
    while (open.length > 0 && open[open.length - 1].indent >= before.length) open.pop();
    open.push({ indent: before.length, name });
    found.push({
      path: open.map((key) => key.name).join("."),
      where: `${i + 1}:${before.length + 1}`,
    });
  }
  return found;
}

/** Names of the reference's own, and the indexes of lists, as the page spells them. */
function onPage(path: string): string {
  return path
    .replaceAll("[]", "")
    .replace(
      /(^|\.)(entryPoints|certificatesResolvers|plugins|localPlugins|plugin|routers|services|middlewares|serversTransports|options|stores)\.[A-Z][A-Za-z]*\d+/g,
      "$1$2.NAME",
    )
    .replace(/(?<=^|\.)name\d+$/, "NAME");
}

describe.each(PLANES)("the %s reference", (name, schema) => {
  const { text, document } = read(name);

  test("has no key that the schema doesn't know", () => {
    const { issues } = canonicalise(schema, document.value, document);
    expect(issues.filter(({ message }) => !message.startsWith(REFUSED))).toEqual([]);
  });

  test("has each key on the compatibility page", () => {
    const page = new Set(keyRows(schema).map(({ path }) => path.replaceAll("[]", "")));
    const keys = keysOf(text)
      .map(({ path }) => onPage(path))
      .filter((path) => !path.endsWith(".NAME"));
    expect(keys.length).toBeGreaterThan(200);
    expect(keys.filter((key) => !page.has(key) && !/(^|\.)plugin\./.test(key))).toEqual([]);
  });

  test("has each refused key refused, by name and where it stands", () => {
    const { issues } = canonicalise(schema, document.value, document);
    const refused = new Set(
      keyRows(schema)
        .filter(({ support }) => support === "refused")
        .map(({ path }) => path.replaceAll("[]", "")),
    );
    /** The topmost ones: what is below a refused key goes with it. */
    const expected = keysOf(text)
      .filter(({ path }) => {
        const key = onPage(path);
        const above = key.includes(".") ? key.replace(/(\.NAME)?\.[^.]+$/, "") : "";
        return refused.has(key) && !refused.has(above);
      })
      .map(({ path, where }) => `${name}.yaml:${where} ${path}`);
    expect(expected.length).toBeGreaterThan(3);
    expect(issues.map(({ where, path }) => `${where} ${path.join(".")}`).sort()).toEqual(
      expected.sort(),
    );
  });
});

test("each element of the dynamic reference is either right or disabled with its reasons", () => {
  const { document } = read("dynamic");
  const { configuration, issues, disabled } = validateDynamic(document);
  expect(issues).toEqual([]);
  const namesIn = (plane: object) =>
    Object.values(plane).flatMap((section) => Object.keys(section ?? {}));
  const { middlewares = {}, ...others } = configuration.http!;
  expect(namesIn(others)).toEqual(["Service01", "Service02", "Service04"]);
  const right = Object.keys(middlewares);
  const wrong = disabled.filter(({ kind }) => kind === "middleware").map(({ name }) => name);
  const all = Array.from({ length: 25 }, (_, i) => `Middleware${String(i + 1).padStart(2, "0")}`);
  expect([...right, ...wrong].sort()).toEqual(all);
  expect(namesIn(configuration.tcp!)).toEqual(["TCPService02", "TCPMiddleware03"]);
  expect(namesIn(configuration.udp!)).toEqual(["UDPRouter0", "UDPRouter1", "UDPService02"]);
  expect(configuration.tls!.certificates).toHaveLength(2);
  const http = 2 + 2 + wrong.length + 2;
  const tcp = 2 + 1 + 2 + 2;
  const tls = 2;
  expect(disabled.length).toBe(http + tcp + 1 + tls);
  for (const { name, errors } of disabled) {
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors)
      expect(error).toMatch(new RegExp(`^dynamic\\.yaml:\\d+:\\d+: \\w+\\.\\w+\\.${name}\\.`));
  }
});
