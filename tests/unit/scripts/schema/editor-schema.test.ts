import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import dynamicJson from "../../../../config/schema/dynamic.json" with { type: "json" };
import staticJson from "../../../../config/schema/static.json" with { type: "json" };
import { ROOT } from "../../../../scripts/paths.ts";
import { validateDynamic } from "../../../../src/config/dynamic/validate.ts";
import { parseTemplatedFile } from "../../../../src/config/sources/parse-templated-file.ts";
import { staticSchema } from "../../../../src/config/static/schema.ts";
import { validate } from "../../../../src/config/validate.ts";
import { fencedBlocks, kindOf } from "../../docs/fenced-blocks.ts";

const ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false });
const CHECKS = {
  static: {
    passes: ajv.compile(staticJson),
    issues: (text: string) => {
      const document = parseTemplatedFile({ name: "a.yml", text, env: {} });
      return {
        value: document.value,
        issues: validate(staticSchema, document.value, document).issues,
      };
    },
  },
  dynamic: {
    passes: ajv.compile(dynamicJson),
    issues: (text: string) => {
      const document = parseTemplatedFile({ name: "a.yml", text, env: {} });
      const { issues, disabled } = validateDynamic(document);
      return { value: document.value, issues: [...issues, ...disabled] };
    },
  },
};
type Kind = keyof typeof CHECKS;

const read = (name: string) => readFileSync(join(ROOT, name), "utf8");

const files: [place: string, kind: Kind, text: string][] = [
  ["config/sluice.yml", "static", read("config/sluice.yml")],
  ["config/dynamic.yml", "dynamic", read("config/dynamic.yml")],
  ["examples/traefik.yml", "static", read("examples/traefik.yml")],
  ...readdirSync(join(ROOT, "examples/dynamic")).map((name): [string, Kind, string] => [
    name,
    "dynamic",
    read(`examples/dynamic/${name}`),
  ]),
  ...fencedBlocks().flatMap(({ place, language, text }): [string, Kind, string][] => {
    const kind = language === "yaml" ? kindOf(text) : "other";
    return kind === "other" ? [] : [[place, kind, text]];
  }),
  ["keys in any case", "static", "EntryPoints:\n  web:\n    ADDRESS: ':80'\n    reuseport: true\n"],
  ["nothing", "static", "# empty\n"],
  ["nothing under a key", "static", "entryPoints: {web: {address: ':80', http2: }}\nlog:\nping:\n"],
  ["sections switched", "static", "ping: true\naccessLog: 'true'\nglobal: false\n"],
  [
    "scalars as text",
    "static",
    "entryPoints: {web: {address: ':80', asDefault: 'true', http2: {maxConcurrentStreams: '9'}}}\n",
  ],
  [
    "a text for a list",
    "static",
    "entryPoints: {web: {address: ':80', forwardedHeaders: {trustedIPs: '10.0.0.0/8,::1'}}}\n",
  ],
  [
    "durations",
    "static",
    "entryPoints: {web: {address: ':80', transport: {respondingTimeouts: {readTimeout: 5, writeTimeout: 5s, idleTimeout: '7'}}}}\n",
  ],
  ["sections of the other file", "static", "http: {routers: {a: {rule: x}}}\nTLS: {}\n"],
  ["a file's own keys", "dynamic", "x-common: &a [1]\nhttp: {routers: {}}\n"],
  ["sections of the other file", "dynamic", "log: {level: INFO}\nhttp: {routers: {}}\n"],
  [
    "numbers for texts",
    "dynamic",
    "http: {services: {a: {loadBalancer: {healthCheck: {path: /, port: '80', hostname: 1}, servers: [{url: 'http://a'}]}}}}\n",
  ],
  [
    "a single table for a list",
    "dynamic",
    "http: {services: {a: {loadBalancer: {servers: {'0': {url: 'http://a'}}}}}}\n",
  ],
  [
    "priorities",
    "dynamic",
    "http: {routers: {a: {rule: 'Path(`/`)', service: b, priority: 9223372036854775807}, c: {rule: 'Path(`/`)', service: b, priority: '7'}}}\n",
  ],
];

describe("what `check` accepts passes the schema", () => {
  test.each(files)("%s (%s)", (_, kind, text) => {
    const { passes, issues } = CHECKS[kind];
    const found = issues(text);
    expect(found.issues).toEqual([]);
    passes(plain(found.value));
    expect(passes.errors ?? []).toEqual([]);
  });
});

describe("what `check` refuses is flagged", () => {
  test.each<[name: string, kind: Kind, text: string]>([
    ["an unknown key", "static", "entryPoints: {web: {adress: ':80'}}\n"],
    ["a refused key", "static", "spiffe: {}\n"],
    ["a list for a text", "static", "entryPoints: {web: {address: [':80']}}\n"],
    ["an unknown key in a router", "dynamic", "http: {routers: {a: {rul: x}}}\n"],
  ])("%s (%s)", (_, kind, text) => {
    const { passes, issues } = CHECKS[kind];
    const found = issues(text);
    expect(found.issues).not.toEqual([]);
    expect(passes(plain(found.value))).toBe(false);
  });
});

/** As JSON has it: numbers for bigints, objects for maps. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value ?? null, (_, inner) =>
    typeof inner === "bigint" ? Number(inner) : inner,
  );
  return JSON.parse(text);
}
