import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunRuntime } from "../../../../runtime/bun/bun-runtime.ts";
import { ProblemLog } from "../../../../src/cli/problem-log.ts";
import { FileProvider } from "../../../../src/providers/file/file-provider.ts";
import type { ProviderConfiguration } from "../../../../src/snapshot/provider-configuration.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** Writes the files and reads them as a directory, once. */
async function read(files: Record<string, string>, prepare = (_: string) => {}) {
  const directory = mkdtempSync(join(tmpdir(), "sluice-file-"));
  directories.push(directory);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  prepare(directory);
  const log = new ProblemLog();
  const provider = new FileProvider(
    { directory, watch: false, cwd: directory },
    bunRuntime().files,
    log,
  );
  const emitted: ProviderConfiguration[] = [];
  (await provider.start((configuration) => emitted.push(configuration)))();
  const lines = log.lines.map((line) => line.replaceAll(directory, "."));
  return { emitted, lines, http: emitted[0]?.configuration.http };
}

const router = (name: string) =>
  `http: {routers: {${name}: {rule: "Path(\`/${name}\`)", service: x}}}\n`;

test("a link of a directory to itself, and one to a directory above, is skipped with a warning", async () => {
  const { http, lines } = await read(
    { "a.yml": router("a"), "sub/b.yml": router("b") },
    (directory) => {
      symlinkSync(".", join(directory, "self"));
      symlinkSync("..", join(directory, "sub/up"));
    },
  );
  expect(Object.keys(http?.routers ?? {})).toEqual(["a", "b"]);
  const skipped = "expected a directory of its own, found a link to one above it; it is skipped";
  expect(lines).toEqual([
    `./self: ${skipped} (provider file)`,
    `./sub/up: ${skipped} (provider file)`,
  ]);
});

test("a link to a directory that is not above it is followed", async () => {
  const { http, lines } = await read({ ".real/a.yml": router("a") }, (directory) => {
    symlinkSync(".real", join(directory, "one"));
  });
  expect(Object.keys(http?.routers ?? {})).toEqual(["a"]);
  expect(lines).toEqual([]);
});

test("a file that is a template is what the template makes, with places in the template", async () => {
  const { http, lines, emitted } = await read({
    "a.yml": [
      '{{ $domain := env "DOMAIN" | default "example.com" }}',
      "http:",
      "  routers:",
      "    {{- range $i := until 2 }}",
      "    r{{ $i }}:",
      '      rule: "Host(`r{{ $i }}.{{ $domain }}`)"',
      "      service: x",
      "      {{- if $i }}",
      "      nonsense: 1",
      "      {{- end }}",
      "    {{- end }}",
      "    last: {rules: x}",
      "",
    ].join("\n"),
  });
  expect(Object.values(http?.routers ?? {}).map(({ rule }) => rule)).toEqual([
    "Host(`r0.example.com`)",
  ]);
  const places = emitted[0].disabled.flatMap(({ errors }) =>
    errors.map((error) =>
      error
        .replace(/^.*a\.yml:/, "")
        .split(": ")
        .slice(0, 2),
    ),
  );
  expect(places).toContainEqual(["9:7", "http.routers.r1.nonsense"]);
  expect(places).toContainEqual(["12:12", "http.routers.last.rules"]);
  expect(lines).toEqual([]);
});

test("a template with a mistake is said with its place, and nothing is emitted", async () => {
  const { emitted, lines } = await read({ "a.yml": "http:\n  routers: {{ nope }}\n" });
  expect(emitted).toEqual([]);
  expect(lines).toEqual(['./a.yml:2:15: template: the function "nope" is not defined']);
});

test("a directory with the static configuration and an acme.json in it is read", async () => {
  const files = {
    "a.yml": router("a"),
    "traefik.yml": "entryPoints: {web: {address: ':80'}}\nproviders: {file: {directory: .}}\n",
    "acme.json": "",
  };
  const { http, lines } = await read(files);
  expect(Object.keys(http?.routers ?? {})).toEqual(["a"]);
  expect(lines).toEqual([]);
  const filled = await read({ ...files, "acme.json": '{"letsencrypt": {"Account": {}}}' });
  expect(Object.keys(filled.http?.routers ?? {})).toEqual(["a"]);
  expect(filled.lines).toEqual([
    './acme.json:1:2: letsencrypt: unknown key "letsencrypt"; it is ignored',
  ]);
});
