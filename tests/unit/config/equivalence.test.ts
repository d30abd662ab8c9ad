/** Whatever a configuration says, flags and the environment say it too. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { z } from "zod";
import type { ConfigDocument } from "../../../src/config/sources/document.ts";
import { parseEnvironment } from "../../../src/config/sources/environment.ts";
import { parseFlags } from "../../../src/config/sources/flags.ts";
import { parseFile } from "../../../src/config/sources/parse-file.ts";
import { validate } from "../../../src/config/validate.ts";

const schema = z.strictObject({
  general: z
    .strictObject({
      debugMode: z.boolean().optional(),
      maxSize: z.number().int().optional(),
      ratio: z.number().optional(),
      title: z.string().optional(),
      tags: z.array(z.string()).optional(),
    })
    .optional(),
  groups: z
    .record(
      z.string(),
      z.strictObject({
        priority: z.union([z.number(), z.bigint()]).transform(BigInt).optional(),
        domains: z
          .array(z.strictObject({ main: z.string(), sans: z.array(z.string()).optional() }))
          .optional(),
        labels: z.record(z.string(), z.string()).optional(),
      }),
    )
    .optional(),
});

/** Lower case, since variables lose it, and no list's comma or section's switch. */
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/);
const word = fc.stringMatching(/^[ -~]{0,10}$/).map((text) => text.replaceAll(",", ";"));
const element = fc.stringMatching(/^[!-+\--~]{1,8}$/);
const elements = fc.array(element, { minLength: 1, maxLength: 3 });
const some = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] }).filter((record) => Object.keys(record).length > 0);
const named = <T>(value: fc.Arbitrary<T>) =>
  fc.dictionary(name, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true });

const configurations = some({
  general: some({
    debugMode: fc.boolean(),
    maxSize: fc.integer(),
    ratio: fc.integer({ min: -9999, max: 9999 }).map((n) => n / 8),
    title: word,
    tags: elements,
  }),
  groups: named(
    some({
      priority: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      domains: fc.array(fc.record({ main: element, sans: elements }, { requiredKeys: ["main"] }), {
        minLength: 1,
        maxLength: 3,
      }),
      labels: named(word),
    }),
  ),
});

/** The value of each path, a list of texts in one: "a,b". */
function leaves(value: unknown, path: readonly string[] = []): [readonly string[], string][] {
  const texts = Array.isArray(value) && value.every((child) => typeof child === "string");
  return typeof value !== "object" || texts
    ? [[path, String(value)]]
    : Object.entries(value as object).flatMap(([key, child]) => leaves(child, [...path, key]));
}

/** `a.b[0].c`, indexes in brackets below "domains". */
const flagOf = (path: readonly string[]) =>
  path.join(".").replace(/\.domains\.(\d+)/, ".domains[$1]");

const read = (document: ConfigDocument) => {
  const { value, issues } = validate(schema, document.value, document);
  expect(issues).toEqual([]);
  return value;
};

const yamlOf = (value: unknown) =>
  JSON.stringify(value, (_, child) => (typeof child === "bigint" ? `\u0000${child}\u0000` : child))
    // Integers without quotes, with all their digits.
    .replace(/"\\u0000(-?\d+)\\u0000"/g, "$1");

const shuffled = configurations.chain((configuration) => {
  const all = leaves(configuration);
  return fc.tuple(
    fc.constant(configuration),
    fc.shuffledSubarray(all, { minLength: all.length }),
    fc.boolean(),
  );
});

test("flags say what YAML says, in any order and case, with = or without", () => {
  fc.assert(
    fc.property(shuffled, ([configuration, settings, apart]) => {
      const args = settings.flatMap(([path, text]) => {
        // One's own names keep the spelling of the first flag that has them.
        const flag = `--${flagOf(path).replace(/^(general\.\w+|groups)/, (key) => key.toUpperCase())}`;
        return apart && text !== "true" && text !== "false" ? [flag, text] : [`${flag}=${text}`];
      });
      expect(read(parseFlags(args, schema))).toEqual(
        read(parseFile(yamlOf(configuration), "f.yml")),
      );
    }),
  );
});

test("the environment says what YAML says", () => {
  fc.assert(
    fc.property(shuffled, ([configuration, settings]) => {
      const env = Object.fromEntries(
        settings.map(([path, text]) => [`TRAEFIK_${path.join("_").toUpperCase()}`, text]),
      );
      expect(read(parseEnvironment(env, schema)!)).toEqual(
        read(parseFile(yamlOf(configuration), "f.yml")),
      );
    }),
  );
});

test("each finds the flag and the variable that a value comes from", () => {
  fc.assert(
    fc.property(shuffled, ([, settings]) => {
      const flags = parseFlags(
        settings.map(([path, text]) => `--${flagOf(path)}=${text}`),
        schema,
      );
      const variable = (path: readonly string[]) => `TRAEFIK_${path.join("_").toUpperCase()}`;
      const env = parseEnvironment(
        Object.fromEntries(settings.map(([path, text]) => [variable(path), text])),
        schema,
      )!;
      for (const [path] of settings) {
        expect(flags.locate(path)).toBe(`--${flagOf(path)}`);
        expect(env.locate([...path, "below"])).toBe(variable(path));
      }
    }),
  );
});
