import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../scripts/paths.ts";
import { loadStatic } from "../../../src/config/load-static.ts";
import type { Files } from "../../../src/net/runtime.ts";
import { unitConfiguration } from "../../../src/providers/labels/label-unit.ts";

interface ComposeService {
  readonly build?: string;
  readonly command?: readonly string[];
  readonly labels?: readonly string[] | Readonly<Record<string, string>>;
}

/** The compose files of the documentation, by their place. */
const FILES: Readonly<Record<string, string>> = {
  "examples/docker-compose/compose.yml": read("examples/docker-compose/compose.yml"),
  "docs/migration.md": firstOf("docs/migration.md"),
  "docs/acme-dns.md": firstOf("docs/acme-dns.md"),
};

function firstOf(page: string): string {
  return /```yaml\n(services:[\s\S]*?)```/.exec(read(page))![1];
}

/** What counts where there is nothing else: there are flags. */
const SHIPPED = { file: "shipped.yml", text: "" };

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** As compose gives them to the engine: `$$` is a `$`. */
function labelsOf({ labels = [] }: ComposeService): Record<string, string> {
  const pairs = Array.isArray(labels)
    ? (labels as readonly string[]).map((label) => {
        const at = label.indexOf("=");
        return [label.slice(0, at), label.slice(at + 1)] as const;
      })
    : Object.entries(labels);
  return Object.fromEntries(pairs.map(([name, value]) => [name, value.replaceAll("$$", "$")]));
}

describe.each(Object.entries(FILES))("the compose file of %s", (place, text) => {
  const { services } = Bun.YAML.parse(text) as { services: Record<string, ComposeService> };

  test("has flags that Sluice takes without a warning", async () => {
    const files = { info: async () => undefined } as unknown as Files;
    const commands = Object.values(services).flatMap(({ command }) => (command ? [command] : []));
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands)
      expect(
        (await loadStatic({ files, env: {}, cwd: "/" }, [...command], SHIPPED)).notices,
      ).toEqual([]);
  });

  test("has labels that Sluice takes without a warning", () => {
    for (const [name, service] of Object.entries(services)) {
      const { problems } = unitConfiguration({
        name,
        labels: labelsOf(service),
        places: (port) => [{ host: "10.0.0.1", port: port ?? "80" }],
        defaultRule: () => "Host(`x`)",
      });
      expect(problems).toEqual([]);
    }
  });

  test("builds what is there", () => {
    for (const { build } of Object.values(services))
      if (build !== undefined)
        expect(existsSync(join(ROOT, place, "..", build, "Dockerfile"))).toBe(true);
  });
});

test("the password of the example is the one that it says", async () => {
  const { services } = Bun.YAML.parse(FILES["examples/docker-compose/compose.yml"]) as {
    services: Record<string, ComposeService>;
  };
  const users = labelsOf(services["sluice"])["traefik.http.middlewares.admins.basicauth.users"];
  expect(await Bun.password.verify("secret", users.slice("admin:".length))).toBe(true);
});

describe("the image's entrypoint", () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-entrypoint-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const script = '#!/bin/sh\necho "$(basename "$0"): $*"\n';
  for (const name of ["sluice", "other"]) {
    writeFileSync(join(directory, name), script);
    chmodSync(join(directory, name), 0o755);
  }
  symlinkSync("sluice", join(directory, "traefik"));

  test.each([
    ["", "sluice: "],
    ["--api=true --ping", "sluice: --api=true --ping"],
    ["traefik --api=true", "sluice: --api=true"],
    ["sluice version", "sluice: version"],
    ["healthcheck --ping", "sluice: healthcheck --ping"],
    [`${directory}/other x`, "other: x"],
  ])("given %p runs what Traefik's image would", (args, expected) => {
    const { stdout } = Bun.spawnSync(
      [join(ROOT, "docker-entrypoint.sh"), ...args.split(" ").filter((arg) => arg !== "")],
      { env: { PATH: `${directory}:${process.env["PATH"]}` } },
    );
    expect(stdout.toString().trimEnd()).toBe(expected.trimEnd());
  });
});
