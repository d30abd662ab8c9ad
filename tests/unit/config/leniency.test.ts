/** What Traefik starts with, saying that something counts for nothing, Sluice starts with as well. */
import { describe, expect, test } from "bun:test";
import { validateDynamic } from "../../../src/config/dynamic/validate.ts";
import { readStatic } from "../../../src/config/load-static.ts";
import { formatIssue } from "../../../src/config/sources/document.ts";
import { parseFile } from "../../../src/config/sources/parse-file.ts";
import type { Files } from "../../../src/net/runtime.ts";

const SHIPPED = { file: "config/sluice.yml", text: "" };

async function readFlags(...args: string[]) {
  const files = { info: async () => undefined } as unknown as Files;
  return readStatic({ files, env: {}, cwd: "/cwd" }, args, SHIPPED);
}

async function read(text: string, name = "traefik.yml", args: string[] = []) {
  const files = {
    read: async () => new TextEncoder().encode(text),
    info: async () => undefined,
  } as unknown as Files;
  const read = await readStatic(
    { files, env: {}, cwd: "/cwd" },
    [`--configFile=${name}`, ...args],
    SHIPPED,
  );
  expect(read.issues).toEqual([]);
  return {
    configuration: read.configuration!,
    said: read.notices.map((notice) => `${notice.level} ${formatIssue(notice)}`),
  };
}

function readDynamic(text: string, name = "d.yml") {
  const { configuration, issues, disabled, notices } = validateDynamic(parseFile(text, name));
  return {
    configuration,
    wrong: [...issues.map(formatIssue), ...disabled.flatMap(({ errors }) => errors)],
    said: notices.map((notice) => `${notice.level} ${formatIssue(notice)}`),
  };
}

describe("the static configuration", () => {
  test("sections of the dynamic one, and unknown ones, are ignored with a warning", async () => {
    const { configuration, said } = await read(
      "entryPoints: {web: {address: ':1'}}\ntls: {options: {}}\nHTTP: {}\nacme: {}\nx-a: 1\n",
    );
    expect(Object.keys(configuration.entryPoints)).toEqual(["web"]);
    const elsewhere = "belongs into a dynamic configuration (providers.file), ignored here";
    expect(said).toEqual([
      `warn traefik.yml:2:1: tls: ${elsewhere}`,
      `warn traefik.yml:3:1: HTTP: ${elsewhere}`,
      'warn traefik.yml:4:1: acme: unknown key "acme"; it is ignored',
    ]);
  });

  test("in the same file as the dynamic one says nothing of its sections", async () => {
    for (const filename of ["traefik.yml", "./traefik.yml", "/cwd/traefik.yml"]) {
      const text = `providers: {file: {filename: ${filename}}}\nhttp: {}\ntls: {}\n`;
      expect((await read(text)).said).toEqual([]);
    }
    const other = "providers: {file: {filename: other.yml}}\nhttp: {}\n";
    expect((await read(other)).said).toHaveLength(1);
  });

  test("unknown flags, keys further down and what Traefik 3 has removed stay mistakes", async () => {
    const flags = await readFlags("--acme.email=x");
    expect(flags.issues.map(formatIssue)).toEqual([expect.stringContaining('unknown key "acme"')]);
    for (const text of ["log: {levle: INFO}\n", "pilot: {token: x}\n"])
      await expect(read(text)).rejects.toThrow();
  });

  test.each(["WARNING", "warning", "LOUD", "1"])(
    "the log level %s is ERROR, with an error",
    async (level) => {
      const { configuration, said } = await read(`log: {level: ${level}}\n`);
      expect(configuration.log.level).toBe("ERROR");
      expect(said).toEqual([
        `error traefik.yml:1:7: log.level: unknown value "${level}": expected one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, PANIC; it is ERROR now`,
      ]);
    },
  );

  test("formats of logs that are none are common", async () => {
    const { configuration, said } = await read("log: {format: xml}\naccessLog: {format: clf}\n");
    expect([configuration.log.format, configuration.accessLog?.format]).toEqual([
      "common",
      "common",
    ]);
    expect(said.map((line) => line.split(":")[0])).toEqual([
      "error traefik.yml",
      "error traefik.yml",
    ]);
  });

  test("a redirection to an entrypoint that isn't there is off, with an error", async () => {
    const { configuration, said } = await read(`entryPoints:
  web: {address: ':1', http: {redirections: {entryPoint: {to: websecur}}}}
  other: {address: ':2', http: {redirections: {entryPoint: {to: web}}}}
`);
    expect(configuration.entryPoints["web"].http.redirections).toBeUndefined();
    expect(configuration.entryPoints["other"].http.redirections?.entryPoint.to).toBe("web");
    expect(said).toEqual([
      'error traefik.yml:2:59: entryPoints.web.http.redirections.entryPoint.to: expected an entrypoint\'s name or a port such as ":443", found "websecur"; nothing is redirected',
    ]);
  });

  test("of a filename and a directory the directory counts; with neither the provider is off", async () => {
    const both = await read("providers: {file: {filename: a.yml, directory: d}}\n");
    expect(both.configuration.providers.file).toMatchObject({ directory: "d" });
    expect(both.configuration.providers.file?.filename).toBeUndefined();
    expect(both.said).toEqual([expect.stringMatching(/^warn .*the filename is ignored$/)]);
    const neither = await read("providers: {file: {}}\n");
    expect(neither.configuration.providers.file).toBeUndefined();
    expect(neither.said).toEqual([expect.stringMatching(/^error .*the provider is off$/)]);
  });

  test("a certificate resolver's odd values are replaced as Traefik does", async () => {
    const { configuration, said } = await read(
      "certificatesResolvers: {le: {acme: {keyType: EC521, caServer: https://acme-v01.api.letsencrypt.org/directory}}}\n",
    );
    expect(said).toEqual([
      expect.stringMatching(
        /^error traefik\.yml:1:37: .*keyType: unknown value "EC521": one of EC256/,
      ),
    ]);
    expect(configuration.certificatesResolvers?.["le"].acme).toMatchObject({
      keyType: "RSA4096",
      caServer: "https://acme-v02.api.letsencrypt.org/directory",
      storage: "acme.json",
    });
  });

  test("switches for features that aren't used are taken", async () => {
    const text = "experimental: {fastProxy: {}, otlplogs: true, kubernetesGateway: true}\n";
    expect((await read(text)).said).toEqual([]);
  });
});

describe("the dynamic configuration", () => {
  test("sections of the static one, and unknown ones, are ignored with a warning", () => {
    const { wrong, said } = readDynamic("log: {}\nentrypoints: {}\nfoo: {}\nhttp: {}\n");
    expect(wrong).toEqual([]);
    const elsewhere = "belongs into the static configuration, ignored here";
    expect(said).toEqual([
      `warn d.yml:1:1: log: ${elsewhere}`,
      `warn d.yml:2:1: entrypoints: ${elsewhere}`,
      'warn d.yml:3:1: foo: unknown key "foo"; it is ignored',
    ]);
  });

  test("in the same file as the static one says nothing of its sections", () => {
    const { wrong, said } = readDynamic(
      "log: {}\nproviders: {file: {filename: d.yml}}\nhttp: {}\n",
    );
    expect([wrong, said]).toEqual([[], []]);
  });

  test("headers that Traefik has no more are taken without effect, with a warning", () => {
    const keys = {
      sslRedirect: true,
      sslTemporaryRedirect: true,
      sslHost: "a",
      sslForceHost: true,
      featurePolicy: "x",
    };
    const { configuration, wrong, said } = readDynamic(
      `http: {middlewares: {h: {headers: ${JSON.stringify({ frameDeny: true, ...keys })}}}}\n`,
    );
    expect(wrong).toEqual([]);
    expect(configuration.http?.middlewares?.["h"].headers?.frameDeny).toBe(true);
    expect(said).toEqual(
      Object.keys(keys).map((key) =>
        expect.stringMatching(
          new RegExp(`^warn d\\.yml:1:\\d+: .*headers\\.${key}: has no effect: deprecated`),
        ),
      ),
    );
  });

  test("ipWhiteList is ipAllowList, with a warning", () => {
    const { configuration, wrong, said } = readDynamic(
      "http: {middlewares: {w: {ipWhiteList: {sourceRange: [10.0.0.0/8]}}}}\n",
    );
    expect(wrong).toEqual([]);
    expect(configuration.http?.middlewares).toEqual({
      w: { ipAllowList: { sourceRange: ["10.0.0.0/8"] } },
    });
    expect(said).toEqual([
      "warn d.yml:1:26: http.middlewares.w.ipWhiteList: deprecated in Traefik: use ipAllowList",
    ]);
    const both = "http: {middlewares: {w: {ipWhiteList: {}, ipAllowList: {sourceRange: [::1]}}}}\n";
    expect(readDynamic(both).wrong).toEqual([
      expect.stringContaining('"ipAllowList" is there twice'),
    ]);
  });

  test("a resolver that isn't there leaves the router its default certificate", () => {
    const { configuration, wrong, said } = readDynamic(`
http: {routers: {r: {rule: "Host(\`a\`)", service: s, tls: {certResolver: le, domains: [{main: a}]}}}}
tcp: {routers: {r: {rule: "HostSNI(\`a\`)", service: s, tls: {certResolver: le}}}}
`);
    expect(wrong).toEqual([]);
    expect(Object.keys(configuration.http?.routers ?? {})).toEqual(["r"]);
    expect(said).toEqual([]);
  });

  test("TOML's single table where a list is meant is a list of one", () => {
    const { configuration, wrong } = readDynamic(
      `
[tls.certificates]
certFile = "a"
keyFile = "b"
[http.services.s.loadBalancer.servers]
url = "http://a"
`,
      "d.toml",
    );
    expect(wrong).toEqual([]);
    expect(configuration.tls?.certificates).toEqual([{ certFile: "a", keyFile: "b" }]);
    expect(configuration.http?.services?.["s"].loadBalancer?.servers).toMatchObject([
      { url: "http://a" },
    ]);
  });
});

test("Go plugins are left out with a warning, and the start goes on", async () => {
  const { said } = await read("experimental: { plugins: { a: { moduleName: a.test/a } } }\n");
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^warn .*experimental\.plugins: has no effect: Go programs/);
});

test("an empty address is any free port", async () => {
  const { configuration } = await read("entryPoints: { web: { address: '' } }\n");
  expect(configuration.entryPoints["web"].address).toBe(":0");
});
