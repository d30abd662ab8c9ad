/** Flags, environment and files say the same things in their own ways. */
import { describe, expect, test } from "bun:test";
import type { ConfigDocument } from "../../../src/config/sources/document.ts";
import { ConfigError, formatIssue } from "../../../src/config/sources/document.ts";
import { parseEnvironment } from "../../../src/config/sources/environment.ts";
import { parseFlags } from "../../../src/config/sources/flags.ts";
import { parseFile } from "../../../src/config/sources/parse-file.ts";
import { staticSchema } from "../../../src/config/static/schema.ts";
import { validate } from "../../../src/config/validate.ts";

function check(document: ConfigDocument) {
  const { value, issues } = validate(staticSchema, document.value, document);
  return { value, errors: issues.map(formatIssue) };
}

const fromFlags = (...args: string[]) => check(parseFlags(args, staticSchema));
const fromEnvironment = (env: Record<string, string>) =>
  check(parseEnvironment(env, staticSchema)!);
const fromFile = (text: string, file = "traefik.yml") => check(parseFile(text, file));

const SAMPLES: readonly {
  name: string;
  flags: string[];
  env: Record<string, string>;
  yaml: string;
  toml: string;
}[] = [
  {
    name: "entrypoints and a provider",
    flags: [
      "--entryPoints.web.address=:8000",
      "--entrypoints.web.asdefault",
      "--entryPoints.web.forwardedHeaders.trustedIPs=10.0.0.0/8,192.168.0.0/16",
      "--providers.file.filename=dynamic.yml",
      "--providers.file.watch=false",
    ],
    env: {
      TRAEFIK_ENTRYPOINTS_WEB_ADDRESS: ":8000",
      TRAEFIK_ENTRYPOINTS_WEB_ASDEFAULT: "true",
      TRAEFIK_ENTRYPOINTS_WEB_FORWARDEDHEADERS_TRUSTEDIPS: "10.0.0.0/8, 192.168.0.0/16",
      TRAEFIK_PROVIDERS_FILE_FILENAME: "dynamic.yml",
      TRAEFIK_PROVIDERS_FILE_WATCH: "false",
    },
    yaml: `
entryPoints:
  web:
    address: ":8000"
    asDefault: true
    forwardedHeaders: { trustedIPs: [10.0.0.0/8, 192.168.0.0/16] }
providers:
  file: { filename: dynamic.yml, watch: false }
`,
    toml: `
[entryPoints.web]
address = ":8000"
asDefault = true
[entryPoints.web.forwardedHeaders]
trustedIPs = ["10.0.0.0/8", "192.168.0.0/16"]
[providers.file]
filename = "dynamic.yml"
watch = false
`,
  },
  {
    name: "logs, ping and durations",
    flags: [
      "--log.level",
      "DEBUG",
      "--accesslog",
      "--accessLog.bufferingSize=100",
      "--accesslog.fields.headers.names.User-Agent=keep",
      "--ping.entryPoint=traefik",
      "--providers.providersThrottleDuration=10",
      "--entryPoints.a.address=:1",
      "--entryPoints.a.http.redirections.entryPoint.to=:443",
      "--entryPoints.a.http.redirections.entryPoint.priority=9223372036854775806",
    ],
    env: {
      TRAEFIK_LOG_LEVEL: "DEBUG",
      TRAEFIK_ACCESSLOG: "true",
      TRAEFIK_ACCESSLOG_BUFFERINGSIZE: "100",
      "TRAEFIK_ACCESSLOG_FIELDS_HEADERS_NAMES_USER-AGENT": "keep",
      TRAEFIK_PING_ENTRYPOINT: "traefik",
      TRAEFIK_PROVIDERS_PROVIDERSTHROTTLEDURATION: "10",
      TRAEFIK_ENTRYPOINTS_A_ADDRESS: ":1",
      TRAEFIK_ENTRYPOINTS_A_HTTP_REDIRECTIONS_ENTRYPOINT_TO: ":443",
      TRAEFIK_ENTRYPOINTS_A_HTTP_REDIRECTIONS_ENTRYPOINT_PRIORITY: "9223372036854775806",
    },
    yaml: `
log: { level: DEBUG }
accessLog:
  bufferingSize: 100
  fields: { headers: { names: { User-Agent: keep } } }
ping: { entryPoint: traefik }
providers: { providersThrottleDuration: 10s }
entryPoints:
  a:
    address: ":1"
    http:
      redirections: { entryPoint: { to: ":443", priority: 9223372036854775806 } }
`,
    toml: `
log.level = "DEBUG"
accessLog.bufferingSize = 100
accessLog.fields.headers.names.User-Agent = "keep"
ping.entryPoint = "traefik"
providers.providersThrottleDuration = "10s"
[entryPoints.a]
address = ":1"
[entryPoints.a.http.redirections.entryPoint]
to = ":443"
priority = 9223372036854775806
`,
  },
];

describe.each(SAMPLES)("$name", ({ flags, env, yaml, toml }) => {
  const expected = fromFile(yaml);

  test("are right in YAML", () => {
    expect(expected.errors).toEqual([]);
  });

  test("are the same in TOML and JSON", () => {
    expect(fromFile(toml, "traefik.toml")).toEqual(expected);
    const json = JSON.stringify(parseFile(yaml, "traefik.yml").value, (_, value) =>
      typeof value === "bigint" ? rawJson(String(value)) : value,
    );
    expect(fromFile(json, "traefik.json")).toEqual(expected);
  });

  test("are the same as flags", () => {
    expect(fromFlags(...flags)).toEqual(expected);
  });

  test("are the same in the environment, with names in lower case", () => {
    const found = fromEnvironment(env);
    const lower = JSON.parse(show(expected.value).replace("User-Agent", "user-agent"));
    expect(found.errors).toEqual([]);
    expect(JSON.parse(show(found.value))).toEqual(lower);
  });
});

/** A number with all its digits; the types don't know it yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

function show(value: unknown): string {
  return JSON.stringify(value, (_, child) => (typeof child === "bigint" ? `${child}n` : child));
}

describe("flags", () => {
  test("keep the case of one's own names", () => {
    const { value } = fromFlags("--entrypoints.Web.address=:1", "--entrypoints.WEB.reuseport");
    expect(Object.keys(value!.entryPoints)).toEqual(["Web"]);
    expect(value!.entryPoints["Web"]).toMatchObject({ address: ":1", reusePort: true });
  });

  test("booleans and sections take no argument, everything else does", () => {
    for (const [args, message] of [
      [["--ping", "true"], 'expected a flag such as --ping, found "true"'],
      [["--providers.file.watch", "false"], 'expected a flag such as --ping, found "false"'],
      [["--log.level"], "expected a value behind --log.level, found nothing"],
      [["stray"], 'expected a flag such as --ping, found "stray"'],
      [["--=x"], 'expected a flag such as --ping, found "--=x"'],
      [["--a..b=x"], 'expected a flag such as --ping.entryPoint, found "--a..b=x"'],
    ] as const) {
      expect(() => parseFlags(args, staticSchema)).toThrow(
        new ConfigError([{ path: [], where: "flags", message }]),
      );
    }
    const { value } = fromFlags("--log.filePath", "--odd", "-entryPoints.a.address", ":1");
    expect(value).toMatchObject({
      log: { filePath: "--odd" },
      entryPoints: { a: { address: ":1" } },
    });
  });

  test("given twice add to a list, and else the last one counts", () => {
    const { value } = fromFlags(
      "--log.level=INFO",
      "--log.level=WARN",
      "--entryPoints.a.address=:1",
      "--entryPoints.a.http.middlewares=x",
      "--entryPoints.A.http.middlewares=y,z",
    );
    expect(value).toMatchObject({
      log: { level: "WARN" },
      entryPoints: { a: { http: { middlewares: ["x", "y", "z"] } } },
    });
  });

  test("a section that is switched off stays off", () => {
    for (const args of [
      ["--ping=false", "--ping.entryPoint=a"],
      ["--ping.entryPoint=a", "--ping=false"],
    ])
      expect(fromFlags(...args).value!.ping).toBeUndefined();
    expect(fromFlags("--ping.entryPoint=a", "--ping").value!.ping).toMatchObject({
      entryPoint: "a",
    });
  });

  test("a text and keys below it exclude each other", () => {
    for (const [args, message] of [
      [["--log=DEBUG", "--log.level=INFO"], "--log.level and --log exclude each other"],
      [["--log.level=INFO", "--LOG=DEBUG"], "--LOG and --log.level exclude each other"],
      [["--a.b.c=x", "--a.b.c[0]=y"], "--a.b.c[0] and --a.b.c exclude each other"],
    ] as const)
      expect(() => parseFlags(args, staticSchema)).toThrow(`flags: ${message}`);
  });

  test("errors name the flag", () => {
    const args = [
      "--Ping.terminatingStatusCode=1",
      "--docker.endpoint",
      "x",
      "--providers.kubernetesCRD.endpoint=x",
    ];
    expect(fromFlags(...args).errors).toEqual([
      '--docker.endpoint: docker: unknown key "docker"',
      "--providers.kubernetesCRD.endpoint: providers.kubernetesCRD: known to Traefik, not supported by Sluice yet",
      "--Ping.terminatingStatusCode: ping.terminatingStatusCode: expected at least 100, found 1",
    ]);
  });

  test("names that are numbers are names, where no list is wanted", () => {
    const { value, errors } = fromFlags("--entryPoints.80.address=:80");
    expect(errors).toEqual([]);
    expect(Object.keys(value!.entryPoints)).toEqual(["80"]);
  });

  test("reach no prototype", () => {
    const { errors } = fromFlags("--entryPoints.__proto__.address=:1", "--__proto__.polluted=1");
    expect(({} as Record<string, unknown>)["address"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(errors).toEqual([
      '--entryPoints.__proto__.address: entryPoints.__proto__: expected another name, found "__proto__", which is reserved',
      '--__proto__.polluted: __proto__: unknown key "__proto__"',
      "--entryPoints.__proto__.address: entryPoints: expected at least one entrypoint, found none",
    ]);
  });
});

describe("the environment", () => {
  test("leaves variables of others alone", () => {
    const others = {
      TRAEFIK_SERVICE_HOST: "10.0.0.1",
      TRAEFIK_PORT_80_TCP_ADDR: "10.0.0.1",
      TRAEFIK_CONFIGFILE: "x.yml",
      traefik_ping: "true",
      HOME: "/root",
    };
    expect(parseEnvironment(others, staticSchema)).toBeUndefined();
    const { value, errors } = fromEnvironment({ ...others, TRAEFIK_PING: "true" });
    expect(errors).toEqual([]);
    expect(value!.ping).toMatchObject({ entryPoint: "traefik" });
  });

  test("what begins as a key of ours is ours, as Traefik has it", () => {
    expect(
      fromEnvironment({ TRAEFIK_PINGENTRYPOINT: "web", TRAEFIK_LOGS_LEVEL: "x" }).errors,
    ).toEqual([
      'TRAEFIK_PINGENTRYPOINT: pingentrypoint: unknown key "pingentrypoint"',
      'TRAEFIK_LOGS_LEVEL: logs: unknown key "logs", did you mean "log"?',
    ]);
  });

  test("a variable and those for keys below it exclude each other", () => {
    const env = { TRAEFIK_LOG: "DEBUG", TRAEFIK_LOG_LEVEL: "INFO" };
    expect(() => parseEnvironment(env, staticSchema)).toThrow(
      "environment: TRAEFIK_LOG_LEVEL and TRAEFIK_LOG exclude each other",
    );
  });

  test("errors name the variable", () => {
    expect(
      fromEnvironment({ TRAEFIK_PING_TERMINATINGSTATUSCODE: "1", TRAEFIK_PING_ENTRYPOIN: "web" })
        .errors,
    ).toEqual([
      'TRAEFIK_PING_ENTRYPOIN: ping.entrypoin: unknown key "entrypoin", did you mean "entryPoint"?',
      "TRAEFIK_PING_TERMINATINGSTATUSCODE: ping.terminatingStatusCode: expected at least 100, found 1",
    ]);
  });

  test("indexes of lists, both ways", () => {
    for (const name of ["TRUSTEDIPS_0", "TRUSTEDIPS[0]"]) {
      const { value } = fromEnvironment({
        TRAEFIK_ENTRYPOINTS_A_ADDRESS: ":1",
        [`TRAEFIK_ENTRYPOINTS_A_FORWARDEDHEADERS_${name}`]: "10.0.0.0/8",
      });
      expect(value!.entryPoints["a"].forwardedHeaders.trustedIPs).toEqual(["10.0.0.0/8"]);
    }
  });
});
