import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { get } from "../../support/http/get.ts";
import { launchProgram, type ProgramOptions, startProgram } from "../../support/program.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { waitFor } from "../../support/wait-for.ts";

const DYNAMIC = 'http: {routers: {all: {rule: "PathPrefix(`/`)", service: whoami@internal}}}\n';

/** Runs the program to its end. */
async function run(options: ProgramOptions): Promise<{ code: number; out: string; err: string }> {
  await using program = launchProgram(options);
  const code = await program.exited();
  return { code, out: program.stdout, err: program.stderr };
}

const yaml = (port: number) => `
entryPoints:
  Web:
    address: 127.0.0.1:${port}
providers: {file: {filename: dynamic.yml}}
`;
const toml = (port: number) => `
[entryPoints.web]
address = "127.0.0.1:${port}"
[providers.file]
filename = "dynamic.yml"
`;
const json = (port: number) =>
  JSON.stringify({
    entryPoints: { web: { address: `127.0.0.1:${port}` } },
    providers: { file: { filename: "dynamic.yml" } },
  });

describe("the static configuration comes from", () => {
  const start = async (port: number, options: ProgramOptions) => {
    await using program = await startProgram({
      ...options,
      files: { "dynamic.yml": DYNAMIC, ...options.files },
      ports: [port],
    });
    expect((await get(port)).status).toBe(200);
    expect(await program.stop()).toBe(0);
  };

  for (const [name, text] of Object.entries({
    "router.yml": yaml,
    "router.toml": toml,
    "router.json": json,
  })) {
    test(`--configFile=${name}`, async () => {
      const port = await freePort();
      await start(port, { args: [`--configFile=${name}`], files: { [name]: text(port) } });
    });
  }

  test("flags, in any case", async () => {
    const port = await freePort();
    const args = [
      `--entrypoints.WEB.address=127.0.0.1:${port}`,
      "--providers.file.filename",
      "dynamic.yml",
      "--providers.file.watch=false",
    ];
    await start(port, { args });
  });

  test("TRAEFIK_* variables", async () => {
    const port = await freePort();
    const env = {
      TRAEFIK_ENTRYPOINTS_WEB_ADDRESS: `127.0.0.1:${port}`,
      TRAEFIK_PROVIDERS_FILE_FILENAME: "dynamic.yml",
    };
    await start(port, { env });
  });

  const minimal = "entryPoints: {web: {address: 127.0.0.1:0}}\n";
  const sources: [string, ProgramOptions][] = [
    ["a.yml", { args: ["--configfile", "a.yml"], files: { "a.yml": minimal } }],
    ["b.yml", { env: { TRAEFIK_CONFIGFILE: "b.yml" }, files: { "b.yml": minimal } }],
    ["/traefik.yml", { files: { "traefik.yml": minimal } }],
    ["/.config/traefik/traefik.yaml", { files: { ".config/traefik/traefik.yaml": minimal } }],
    [
      "xdg/traefik/traefik.toml",
      {
        env: { XDG_CONFIG_HOME: "xdg" },
        files: {
          "xdg/traefik/traefik.toml": '[entryPoints.web]\naddress = "127.0.0.1:0"\n',
          ".config/traefik/traefik.yml": minimal,
          "traefik.yml": minimal,
        },
      },
    ],
    // A file goes before flags and variables of the environment.
    ["/traefik.yml", { files: { "traefik.yml": minimal }, env: { TRAEFIK_PING: "true" } }],
    ["s.yml", { args: ["s.yml"], files: { "s.yml": minimal } }],
    ["flags", { args: ["--ping"], env: { TRAEFIK_LOG_LEVEL: "INFO" } }],
  ];
  test.each(sources)("%s", async (source, options) => {
    const { code, out, err } = await run({ ...options, args: ["check", ...(options.args ?? [])] });
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(
      new RegExp(`^(/\\S*)?${source.replaceAll(".", "\\.")}: OK, \\d routers?, \\d services?\n$`),
    );
  });

  test("the shipped one where there is no other, in an empty directory", async () => {
    // Its port is fixed, and another program may be on it for a moment.
    await using program = await waitFor("port 8080 to be ours", async () => {
      const candidate = launchProgram({});
      const outcome = await candidate.logged(/Sluice is ready|in use/);
      if (String(outcome) === "Sluice is ready") return candidate;
      await candidate[Symbol.asyncDispose]();
      return undefined;
    });
    const { status, text } = await get(8080, "/x?y=1");
    expect(status).toBe(200);
    expect(text).toContain("GET /x?y=1 HTTP/1.1");
    expect((await get(8080, "/ping")).text).toBe("OK");
    expect(program.log).toMatch(/version=\d+\.\d+\.\d+/);
    expect(program.log).toMatch(/Sluice is ready entryPoints=web,websecure routers=3 services=0/);
    expect(program.log).not.toContain(" ERR ");
    expect(await program.stop()).toBe(0);
  });
});

describe("a mistake in the static configuration ends the start with 1 and says", () => {
  test("file, line, column, path and the nearest key, and all mistakes at once", async () => {
    const text = [
      "entryPoints:",
      "  web:",
      '    adress: ":80"',
      "spiffe: {workloadAPIAddr: x}",
      "log:",
      "  filePath: {}",
      "",
    ].join("\n");
    const { code, out, err } = await run({
      args: ["--configFile=traefik.yml"],
      files: { "traefik.yml": text },
    });
    expect([code, out]).toEqual([1, ""]);
    expect(err.trim().split("\n")).toEqual([
      'traefik.yml:3:5: entryPoints.web.adress: unknown key "adress", did you mean "address"?',
      "traefik.yml:4:1: spiffe: known to Traefik, not supported by Sluice yet",
      "traefik.yml:2:3: entryPoints.web.address: expected a string, found nothing",
      "traefik.yml:6:3: log.filePath: expected a string, found a section with keys",
    ]);
  });

  const cases: [string, ProgramOptions, RegExp][] = [
    ["the flag", { args: ["--log.levle=INFO"] }, /^--log\.levle: log\.levle: .*"level"\?$/m],
    [
      "the variable",
      { env: { TRAEFIK_LOG_LEVLE: "INFO" } },
      /^TRAEFIK_LOG_LEVLE: log\.levle: .*"level"\?$/m,
    ],
    ["the refused flag", { args: ["--spiffe"] }, /^--spiffe: spiffe: known to Traefik, not/m],
    ["no such file", { args: ["--configFile=no.yml"] }, /^no\.yml: cannot be read: .*ENOENT/m],
    ["a TOML syntax error", { files: { "traefik.toml": "a = [1\n" } }, /traefik\.toml:[12]:\d+: /m],
    ["a YAML syntax error", { files: { "traefik.yml": "a: [1\n" } }, /traefik\.yml:[12]:\d+: /m],
  ];
  test.each(cases)("%s", async (_, options, expected) => {
    const { code, err } = await run(options);
    expect(code).toBe(1);
    expect(err).toMatch(expected);
    expect(err).not.toMatch(/^\s+at /m);
  });
});

describe("commands", () => {
  test("check says all that is wrong, static and dynamic, and exits with 1", async () => {
    const { code, out } = await run({
      args: ["check", "--configFile=s.yml"],
      files: {
        "s.yml": "spiffe: {}\nproviders: {file: {filename: d.yml}}\ntls: {}\n",
        "d.yml": [
          "http:",
          "  routers:",
          "    one: {rul: Path(`/`), service: s}",
          "    two: {rule: Path(`x`), service: t, middlewares: [m, n]}",
          "    ok: {rule: Path(`/`), service: whoami@internal}",
          "    refused: {service: whoami@internal, parentRef: [x], rule: 'Host(`a`,`b`)'}",
          "  services:",
          "    s: {loadBalancer: {servers: [{url: 'ftp://a'}]}}",
          "  middlewares:",
          "    m: {plugin: {x: {}}}",
          "    unused: {redirectRegex: {regex: '(', replacement: ''}}",
          "tcp: {routers: {r: {rule: 'HostSNI(`*`)', service: gone}}}",
          "",
        ].join("\n"),
      },
    });
    expect(code).toBe(1);
    expect(out.trim().split("\n")).toEqual([
      "d.yml:3:5: http.routers.one.rule: expected a string, found nothing",
      'd.yml:3:11: http.routers.one.rul: unknown key "rul", did you mean "rule"?',
      expect.stringMatching(
        /^d\.yml:4:5: plugin "x": Traefik's plugins are Go programs, .*\(router two@file\)$/,
      ),
      'd.yml:4:11: Path takes a path that starts with "/", found "x" (router two@file)',
      'd.yml:4:28: the service "t@file" does not exist (router two@file)',
      'd.yml:4:40: the middleware "n@file" does not exist (router two@file)',
      'd.yml:6:41: http.routers.refused.parentRef: unknown key "parentRef", did you mean "parentRefs"?',
      "d.yml:6:57: http.routers.refused.rule: Host takes 1 value, found 2, write Host(`a`) || Host(`b`) at column 1 of the rule Host(`a`,`b`)",
      'd.yml:8:35: http.services.s.loadBalancer.servers.0.url: expected the scheme http, https, h2c or unix, found "ftp"',
      expect.stringMatching(/^d\.yml:10:5: plugin "x": .*\(middleware m@file\)$/),
      expect.stringMatching(/^d\.yml:11:5: .*missing closing \).* \(middleware unused@file\)$/),
      'd.yml:12:43: the TCP service "gone@file" does not exist (TCP router r@file)',
      "s.yml:1:1: spiffe: known to Traefik, not supported by Sluice yet",
      "s.yml:3:1: tls: belongs into a dynamic configuration (providers.file), ignored here",
      "s.yml: 13 problems and 1 warning found; not supported yet: spiffe",
    ]);
  });

  test("check exits with 0 where all there is to say is a warning", async () => {
    const middleware = (path: string) =>
      `http: {middlewares: {m: {replacePath: {path: ${path}}}}}\n`;
    const { code, out } = await run({
      args: ["check", "--configFile=s.yml", "--ping"],
      files: {
        "s.yml": "providers: {file: {directory: d}}\nlog: {filePath: logs/a/log}\n",
        "d/a.yml": middleware("/a"),
        "d/b.yml": middleware("/b"),
      },
    });
    expect(code).toBe(0);
    expect(out.trim().split("\n")).toEqual([
      "flags: the configuration is the file s.yml, these flags are ignored: --ping",
      "http.middlewares.m is defined in d/a.yml and in d/b.yml: the first one is used (provider file)",
      "s.yml: OK, 0 routers, 0 services; 2 warnings",
    ]);
  });

  test("check warns of what can't be reached, which is no mistake of the configuration", async () => {
    const port = await freePort();
    const files = { "s.yml": `providers: {redis: {endpoints: ["127.0.0.1:${port}"]}}\n` };
    const { code, out } = await run({ args: ["check", "--configFile=s.yml"], files });
    // It may be over before the other side has refused it.
    expect(code).toBe(0);
    expect(out).not.toContain("retryIn");
    expect(out).toMatch(/^(.*127\.0\.0\.1.*\n)?s\.yml: OK, 0 routers, 0 services(; 1 warning)?\n$/);
  });

  test("check says of a log file what the start would", async () => {
    const files = { "s.yml": "log: {filePath: file/log}\naccessLog: {filePath: .}\n", file: "" };
    const { code, out } = await run({ args: ["check", "--configFile=s.yml"], files });
    expect(code).toBe(1);
    expect(out.trim().split("\n")).toEqual([
      "log.filePath: expected a directory, found the file file",
      "accessLog.filePath: expected a file, found the directory .",
      "s.yml: 2 problems found",
    ]);
  });

  test("dynamic files are Go templates, which see the environment", async () => {
    const port = await freePort();
    const routers =
      '{{ range until 2 }}"r{{ . }}": {rule: "Path(`/{{ env "NAME" | upper }}{{ . }}`)", service: whoami@internal},{{ end }}';
    await using program = await startProgram({
      args: ["--configFile=s.yml"],
      files: { "s.yml": yaml(port), "dynamic.yml": `http: {routers: { ${routers} }}\n` },
      env: { NAME: "app" },
      ports: [port],
    });
    expect((await get(port, "/APP1")).status).toBe(200);
    expect((await get(port, "/APP2")).status).toBe(404);
    expect(await program.stop()).toBe(0);
  });

  test("directories of log files are made, and what counts for nothing is logged", async () => {
    const port = await freePort();
    await using program = await startProgram({
      args: ["--configFile=s.yml"],
      files: {
        "s.yml": `${yaml(port)}log: {level: WARNING, filePath: logs/a/log}\naccessLog: {filePath: logs/b/access}\n`,
        "dynamic.yml": DYNAMIC,
      },
      ports: [port],
    });
    expect((await get(port)).status).toBe(200);
    expect(await program.stop()).toBe(0);
    const log = (name: string) => readFileSync(join(program.directory, name), "utf8");
    expect(log("logs/a/log")).toContain('log.level: unknown value "WARNING"');
    expect(log("logs/b/access")).toContain('"GET / HTTP/1.1" 200');
  });

  test("version, help, and a command that doesn't exist", async () => {
    const version = await run({ args: ["version"] });
    expect([version.code, version.err]).toEqual([0, ""]);
    expect(version.out).toMatch(/^sluice \d+\.\d+\.\d+\nruntime (bun|deno) \d+\.\d+\.\d+\n$/);
    const help = await run({ args: ["--help"] });
    expect(help.code).toBe(0);
    for (const word of ["check", "healthcheck", "version", "--configFile"])
      expect(help.out).toContain(word);
    const unknown = await run({ args: ["chekc"] });
    expect(unknown.code).toBe(1);
    expect(unknown.err).toStartWith('unknown command "chekc", did you mean "check"?\n');
    for (const flag of ["--version", "-v"]) expect(await run({ args: [flag] })).toEqual(version);
  });

  test("healthcheck: 0 while it runs, 1 when it is gone, and where there is no ping", async () => {
    const port = await freePort();
    const files = { "s.yml": `${yaml(port)}ping: {entryPoint: Web}\n`, "dynamic.yml": DYNAMIC };
    await using program = await startProgram({
      args: ["--configFile=s.yml"],
      files,
      ports: [port],
    });
    const ask = { args: ["healthcheck", "--configFile=s.yml"], files };
    const well = await run(ask);
    expect([well.code, well.out]).toEqual([0, `OK: http://127.0.0.1:${port}/ping\n`]);
    expect(await program.stop()).toBe(0);
    const gone = await run(ask);
    expect(gone.code).toBe(1);
    expect(gone.out).toStartWith(`Error calling healthcheck at http://127.0.0.1:${port}/ping: `);
    const without = await run({ ...ask, files: { "s.yml": yaml(port) } });
    expect([without.code, without.out]).toEqual([
      1,
      "Please enable `ping` to use the health check\n",
    ]);
  });
});
