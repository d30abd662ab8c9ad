import { describe, expect, test } from "bun:test";
import { findStatic } from "../../../src/config/sources/find-static.ts";
import type { Files } from "../../../src/net/runtime.ts";

const files = (texts: Record<string, string>): Files => ({
  read: async (path) => {
    if (texts[path] === undefined) throw new Error(`ENOENT: ${path}`);
    return new TextEncoder().encode(texts[path]);
  },
  info: async (path) =>
    texts[path] === undefined
      ? undefined
      : { isFile: true, isDirectory: false, size: texts[path].length, modified: 0 },
  list: async () => [],
  append: async () => {
    throw new Error("not here");
  },
  rename: () => Promise.reject(new Error("not here")),
  remove: () => Promise.reject(new Error("not here")),
  gzip: () => Promise.reject(new Error("not here")),
  put: () => Promise.reject(new Error("not here")),
  temporary: async () => {
    throw new Error("not here");
  },
  watch: () => () => {},
});

function find(
  texts: Record<string, string>,
  args: string[] = [],
  env: Record<string, string> = {},
) {
  return findStatic({ files: files(texts), env, cwd: "/cwd" }, args);
}

describe("where the static configuration comes from", () => {
  const everywhere = Object.fromEntries(
    [
      "/etc/traefik",
      "/xdg",
      "/xdg/traefik",
      "/home/me/.config",
      "/home/me/.config/traefik",
      "/cwd",
    ].flatMap((folder) =>
      ["toml", "yaml", "yml"].map((extension) => [`${folder}/traefik.${extension}`, ""]),
    ),
  );
  const env = { XDG_CONFIG_HOME: "/xdg", HOME: "/home/me" };

  test("the usual places, in Traefik's order", async () => {
    const left = { ...everywhere };
    for (const path of Object.keys(everywhere)) {
      expect((await find(left, [], env))!.source).toBe(path);
      delete left[path];
    }
    expect(await find(left, [], env)).toBeUndefined();
  });

  test("a named file is before all of them", async () => {
    const texts = { ...everywhere, "my.toml": "[ping]\n" };
    for (const args of [
      ["--configFile=my.toml"],
      ["--configfile", "my.toml"],
      ["-CONFIGFILE=my.toml"],
    ])
      expect((await find(texts, args, env))!.source).toBe("my.toml");
    expect((await find(texts, [], { ...env, TRAEFIK_CONFIGFILE: "my.toml" }))!.source).toBe(
      "my.toml",
    );
  });

  test("flags, and then the environment", async () => {
    const variables = { TRAEFIK_PING: "true" };
    expect((await find({}, ["--ping"], variables))!.source).toBe("flags");
    expect((await find({}, [], variables))!.source).toBe("environment");
    expect((await find({ "/cwd/traefik.yml": "" }, [], variables))!.source).toBe(
      "/cwd/traefik.yml",
    );
    expect(await find({}, [], { HOME: "/home/me" })).toBeUndefined();
  });

  test("a file counts and flags beside it are named and ignored", async () => {
    for (const [file, args] of [
      ["a.yml", ["--configFile=a.yml", "--ping", "--log.level", "INFO"]],
      ["/cwd/traefik.yml", ["--ping", "--log.level", "INFO"]],
    ] as const) {
      const document = await find({ [file]: "global: {}" }, [...args]);
      expect(document?.value).toEqual({ global: {} });
      expect(document?.notices).toEqual([
        {
          level: "warn",
          path: [],
          where: "flags",
          message: `the configuration is the file ${file}, these flags are ignored: --ping --log.level INFO`,
        },
      ]);
    }
  });

  test("without the folders' variables their places are not looked at", async () => {
    const stray = { "/traefik.yml": "", "/traefik/traefik.yml": "", "undefined/traefik.yml": "" };
    expect(await find(stray)).toBeUndefined();
    expect(await find(stray, [], { XDG_CONFIG_HOME: "", HOME: "" })).toBeUndefined();
  });

  test("a named file that isn't there is said", async () => {
    await expect(find({}, ["--configFile=nope.yml"])).rejects.toThrow(
      "nope.yml: cannot be read: ENOENT: nope.yml",
    );
  });
});
