import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../../package.json" with { type: "json" };
import { ROOT } from "../../../scripts/paths.ts";
import { loadStatic } from "../../../src/config/load-static.ts";
import type { Files } from "../../../src/net/runtime.ts";
import { readDynamicFile } from "../../../src/providers/file/dynamic-file.ts";
import { ensureCaches } from "../../../src/services/http/handler/cache-storage.ts";
import { fencedBlocks, kindOf } from "./fenced-blocks.ts";

const blocks = fencedBlocks();
const named = (language: string) =>
  blocks
    .filter((block) => block.language === language)
    .map((block) => [block.place, block.text] as const);

function staticConfiguration(name: string, text: string) {
  const shipped = { file: name, text };
  const files = { info: async () => undefined } as unknown as Files;
  return loadStatic({ files, env: {}, cwd: "/" }, [], shipped);
}

function problemsOfDynamic(name: string, text: string) {
  const { issues, disabled } = readDynamicFile({ name, text, env: {} });
  return { issues, disabled };
}

test("every kind of example has its test here, or in tests/package", () => {
  expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual([
    "sh",
    "text",
    "ts",
    "yaml",
  ]);
});

test.each(named("yaml"))("the configuration at %s has nothing wrong", async (place, text) => {
  const name = `${place.split(":")[0]}.yml`;
  const kind = kindOf(text);
  // A compose file, for example.
  if (kind === "other") expect(() => Bun.YAML.parse(text)).not.toThrow();
  else if (kind === "static") expect((await staticConfiguration(name, text)).notices).toEqual([]);
  else expect(problemsOfDynamic(name, text)).toEqual({ issues: [], disabled: [] });
});

test.each(named("sh"))("the commands at %s are there", (_, text) => {
  for (const line of text.split("\n")) {
    const [, script] = /\b(?:bun|bun@[\d.]+) run ([a-z]+)/.exec(line) ?? [];
    if (script !== undefined) expect(Object.keys(manifest.scripts)).toContain(script);
    const [, version] = /\bbun@([\d.]+)/.exec(line) ?? [];
    if (version !== undefined) expect(version).toBe(manifest.devDependencies.bun);
    const [, port] = /localhost:(\d+)/.exec(line) ?? [];
    if (port !== undefined)
      expect(readFileSync(join(ROOT, "config/sluice.yml"), "utf8")).toContain(`":${port}"`);
  }
});

test("README's message about a mistake is what a mistake gets", async () => {
  const [, message] = named("text").find(([, text]) => text.includes("unknown key"))!;
  const file = "traefik.yml";
  const text = "entryPoints:\n  web:\n    adress: ':80'\n";
  const error = await staticConfiguration(file, text).catch((thrown: Error) => thrown);
  expect((error as Error).message).toContain(message.trim());
});

test("README's module answers", async () => {
  const [, text] = named("ts").find(([place]) => place.startsWith("README"))!;
  const directory = mkdtempSync(join(tmpdir(), "sluice-readme-"));
  try {
    writeFileSync(join(directory, "hello.ts"), text);
    const module = await import(join(directory, "hello.ts"));
    const response: Response = module.default.fetch(new Request("http://hello.localhost/x"));
    expect(await response.text()).toBe("Hello from /x\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("the module of docs/functions.md answers, from its cache the second time", async () => {
  const [, text] = named("ts").find(([place]) => place.startsWith("docs/functions"))!;
  const directory = mkdtempSync(join(tmpdir(), "sluice-functions-"));
  try {
    writeFileSync(join(directory, "notes.ts"), text);
    const module = await import(join(directory, "notes.ts"));
    ensureCaches();
    for (const greeting of ["Hello", "changed"]) {
      const works: Promise<unknown>[] = [];
      const response: Response = await module.default.fetch(
        new Request("http://notes.localhost/x"),
        { GREETING: greeting },
        { waitUntil: (work: Promise<unknown>) => void works.push(work) },
      );
      expect(await response.text()).toBe("Hello, this is /x\n");
      await Promise.all(works);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

describe("examples/", () => {
  const read = (name: string) => readFileSync(join(ROOT, name), "utf8");

  test("the static configuration and the dynamic one have nothing wrong", async () => {
    const { notices } = await staticConfiguration("traefik.yml", read("examples/traefik.yml"));
    expect(notices).toEqual([]);
    for (const name of readdirSync(join(ROOT, "examples/dynamic")))
      expect(problemsOfDynamic(name, read(`examples/dynamic/${name}`))).toEqual({
        issues: [],
        disabled: [],
      });
  });

  test("the compose file's volumes and build are there", () => {
    const { services } = Bun.YAML.parse(read("examples/compose.yml")) as {
      services: { sluice: { build: string; volumes: string[] } };
    };
    expect(existsSync(join(ROOT, "examples", services.sluice.build, "Dockerfile"))).toBe(true);
    for (const volume of services.sluice.volumes)
      expect(existsSync(join(ROOT, "examples", volume.split(":")[0]))).toBe(true);
  });

  test("the image's build gets all that it copies", () => {
    const dockerfile = read("Dockerfile");
    const allowed = new Set(
      read(".dockerignore")
        .split("\n")
        .map((line) => line.replace("!", "")),
    );
    const copied = Array.from(
      dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm),
      ([, names]) => names,
    );
    for (const name of copied.join(" ").split(" ")) {
      expect(existsSync(join(ROOT, name))).toBe(true);
      expect(allowed).toContain(name);
    }
    expect(dockerfile).toContain(`bun@${manifest.devDependencies.bun} `);
  });

  test("the unit's commands are the program's", () => {
    const unit = read("examples/sluice.service");
    expect(unit).toContain(
      "ExecStart=/usr/local/bin/sluice --configFile=/etc/traefik/traefik.yml\n",
    );
    expect(unit).toContain("ExecStartPre=/usr/local/bin/sluice check /etc/traefik/traefik.yml\n");
    expect(unit).toContain("ExecReload=/bin/kill -USR1 $MAINPID\n");
  });
});
