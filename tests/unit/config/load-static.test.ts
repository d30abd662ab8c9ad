import { describe, expect, test } from "bun:test";
import { loadStatic, readStatic } from "../../../src/config/load-static.ts";
import { ConfigError } from "../../../src/config/sources/document.ts";
import type { Files } from "../../../src/net/runtime.ts";

const SHIPPED = { file: "config/sluice.yml", text: "entryPoints: { web: { address: ':8080' } }\n" };

function host(texts: Record<string, string | Uint8Array> = {}, env: Record<string, string> = {}) {
  const files = {
    read: async (path: string) => {
      const text = texts[path];
      return typeof text === "string" ? new TextEncoder().encode(text) : text;
    },
    info: async (path: string) =>
      texts[path] && { isFile: true, isDirectory: false, size: 1, modified: 0 },
  } as unknown as Files;
  return { files, env, cwd: "/cwd" };
}

describe("the static configuration", () => {
  test("is the shipped one where there is no other", async () => {
    const { configuration, source } = await loadStatic(host(), [], SHIPPED);
    expect(source).toBe("config/sluice.yml");
    expect(configuration.entryPoints["web"].address).toBe(":8080");
  });

  test("has nothing of the shipped one where there is another", async () => {
    for (const [runtime, args, from] of [
      [host({ "/cwd/traefik.yml": "ping: {}" }), [], "/cwd/traefik.yml"],
      [host(), ["--ping"], "flags"],
      [host({}, { TRAEFIK_PING: "true" }), [], "environment"],
    ] as const) {
      const { configuration, source } = await loadStatic(runtime, args, SHIPPED);
      expect(source).toBe(from);
      expect(Object.keys(configuration.entryPoints).sort()).toEqual(["http", "traefik"]);
    }
  });

  test("says everything that is wrong at once", async () => {
    const runtime = host({
      "a.yml": "global: { no: 1 }\nlog:\n  color: LOUD\nping: { entryPoint: {} }\n",
    });
    const error = await loadStatic(runtime, ["--configFile=a.yml"], SHIPPED).then(
      () => undefined,
      (error) => error,
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).issues.map(({ where }) => where).sort()).toEqual([
      "a.yml:1:11",
      "a.yml:3:3",
      "a.yml:4:9",
    ]);
    const { configuration, issues } = await readStatic(runtime, ["--configFile=a.yml"], SHIPPED);
    expect([configuration, issues]).toEqual([undefined, (error as ConfigError).issues]);
  });

  test("is not read from bytes that are no text", async () => {
    const bytes = Uint8Array.of(0x61, 0x3a, 0x20, 0xff);
    await expect(loadStatic(host({ "/cwd/traefik.yml": bytes }), [], SHIPPED)).rejects.toThrow(
      "/cwd/traefik.yml:1:4: expected UTF-8 text, found bytes that are none",
    );
  });
});

describe("the entrypoint traefik", () => {
  const entryPoints = async (...args: string[]) =>
    (await loadStatic(host(), args, SHIPPED)).configuration.entryPoints;

  test("is there, on :8080, where ping asks for it", async () => {
    expect((await entryPoints("--ping"))["traefik"].address).toBe(":8080");
  });

  test("is the user's own where there is one, and not there where nobody asks", async () => {
    expect(
      (await entryPoints("--ping", "--entryPoints.traefik.address=:1"))["traefik"].address,
    ).toBe(":1");
    expect(
      Object.keys(await entryPoints("--ping.entryPoint=a", "--entryPoints.a.address=:1")),
    ).toEqual(["a"]);
    expect(Object.keys(await entryPoints("--log.level=INFO"))).toEqual(["http"]);
  });
});
