/** Go itself, where it is installed, says the same as `golden.json` and as our engine. */
import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { toolPath } from "../../../../scripts/tool-path.ts";
import { compileTemplate } from "../../../../src/config/template/template.ts";
import { TemplateError } from "../../../../src/config/template/template-error.ts";
import { testWith } from "../../../support/requires.ts";
import { CASES, type TemplateCase } from "./cases.ts";
import golden from "./golden.json" with { type: "json" };

interface Result {
  readonly output?: string;
  readonly error?: string;
}

const SOURCE = join(import.meta.dir, "../../../support/go-template");

/** Builds the reference program and runs it on the cases. */
function go(cases: readonly TemplateCase[]): readonly Result[] {
  const directory = mkdtempSync(join(tmpdir(), "sluice-go-"));
  try {
    const binary = join(directory, "reference");
    const built = Bun.spawnSync([toolPath("go")!, "build", "-o", binary, "."], { cwd: SOURCE });
    expect(built.stderr.toString()).not.toContain(".go:");
    expect(built.exitCode).toBe(0);
    const ran = Bun.spawnSync([binary], { stdin: Buffer.from(JSON.stringify(cases)) });
    return JSON.parse(ran.stdout.toString()) as Result[];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const DATA = {
  n: 3,
  f: 1.5,
  s: "a-B c",
  t: true,
  l: ["x", "", "y"],
  m: { k: "v", z: 0 },
  nil: null,
};

/** Templates of pieces that belong together more or less. */
function templates(): fc.Arbitrary<string> {
  const value = fc.constantFrom(
    ...[
      ".",
      "$",
      ".n",
      ".f",
      ".s",
      ".t",
      ".l",
      ".m",
      ".nil",
      ".m.k",
      ".no",
      ".no.no",
      "1",
      "0",
      "-2",
      "2.5",
    ],
    ...[
      '"x"',
      '""',
      "`a b`",
      "true",
      "nil",
      "(list 1 2)",
      '(dict "a" 1)',
      "(len .l)",
      "(not .t)",
      "(index .l 0)",
    ],
  );
  const call = fc.oneof(
    value,
    fc
      .tuple(
        fc.constantFrom(
          ..."upper lower title quote len not trim first last empty toString toJson kindOf int reverse".split(
            " ",
          ),
        ),
        value,
      )
      .map((p) => p.join(" ")),
    fc
      .tuple(
        fc.constantFrom(
          ..."eq ne lt le default and or list cat printf contains hasPrefix add sub mul append has print dict join splitList".split(
            " ",
          ),
        ),
        value,
        value,
      )
      .map((p) => p.join(" ")),
    fc
      .tuple(
        fc.constantFrom("ternary", "replace", "and", "or", "eq", "slice", "substr"),
        value,
        value,
        value,
      )
      .map((p) => p.join(" ")),
  );
  const pipe = fc.oneof(
    call,
    fc
      .tuple(
        call,
        fc.constantFrom(
          "upper",
          "default 1",
          "quote",
          "len",
          "printf `%v`",
          "toJson",
          "first",
          "and .t",
          "not",
        ),
      )
      .map((p) => p.join(" | ")),
  );
  const trim = fc.constantFrom("{{ ", "{{- ", "{{ ");
  const end = fc.constantFrom(" }}", " -}}", " }}");
  const { all } = fc.letrec<{ all: string }>((tie) => ({
    all: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom("text ", " \n ", ""),
      fc.tuple(trim, pipe, end).map((p) => p.join("")),
      fc
        .tuple(trim, pipe, end, tie("all"), tie("all"))
        .map(([a, p, b, x, y]) => `${a}if ${p}${b}${x}{{ else }}${y}{{ end }}`),
      fc
        .tuple(trim, pipe, end, tie("all"), tie("all"))
        .map(([a, p, b, x, y]) => `${a}with ${p}${b}${x}{{ else }}${y}{{ end }}`),
      fc
        .tuple(trim, value, end, tie("all"), tie("all"))
        .map(
          ([a, p, b, x, y]) =>
            `${a}range $i, $e := ${p}${b}{{ $i }}:{{ $e }}${x}{{ else }}${y}{{ end }}`,
        ),
      fc.tuple(tie("all"), tie("all")).map((p) => p.join("")),
      fc.tuple(pipe, tie("all")).map(([p, x]) => `{{ $v := ${p} }}${x}{{ $v }}`),
    ),
  }));
  return all;
}

testWith("go")(
  "Go says the same",
  () => {
    const random = fc.sample(templates(), { numRuns: 1500, seed: 1 });
    const results = go([...CASES, ...random.map((template) => ({ template, data: DATA }))]);
    const refused = ({ output, error }: Result) => ({ output, refused: error !== undefined });
    expect(results.slice(0, CASES.length).map(refused)).toEqual((golden as Result[]).map(refused));
    let made = 0;
    random.forEach((template, i) => {
      const expected = results[CASES.length + i];
      let output: string | undefined;
      try {
        output = compileTemplate(template).render(DATA).text;
        made++;
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
      }
      expect({ template, output }).toEqual({ template, output: expected.output });
    });
    expect(made).toBeGreaterThan(500);
  },
  120_000,
);
