/** How Traefik's reader takes values: as text, read for the type that the key has. */
import { describe, expect, test } from "bun:test";
import { validateDynamic } from "../../../src/config/dynamic/validate.ts";
import { parseFile } from "../../../src/config/sources/parse-file.ts";
import { staticSchema } from "../../../src/config/static/schema.ts";
import { validate } from "../../../src/config/validate.ts";

function staticOf(yaml: string) {
  const document = parseFile(yaml, "traefik.yml");
  const { value, issues } = validate(staticSchema, document.value, document);
  expect(issues).toEqual([]);
  return value!;
}

function middlewareOf(yaml: string) {
  const document = parseFile(`http: { middlewares: { m: ${yaml} } }`, "dynamic.yml");
  const { configuration, issues, disabled } = validateDynamic(document);
  expect([issues, disabled]).toEqual([[], []]);
  return configuration.http!.middlewares!["m"];
}

describe("sections", () => {
  test("null is as good as absent, {} and true switch on, false off", () => {
    expect(staticOf("ping:").ping).toBeUndefined();
    expect(staticOf("ping: ~").ping).toBeUndefined();
    expect(staticOf("ping: false").ping).toBeUndefined();
    for (const on of ["{}", "true", "'true'", "TRUE", "''"])
      expect(staticOf(`ping: ${on}`).ping).toMatchObject({ entryPoint: "traefik" });
    expect(staticOf("entryPoints: { web: { address: ':1' }, off: }").entryPoints).toHaveProperty(
      "web",
    );
  });
});

describe("texts", () => {
  test("numbers and booleans are texts where text is wanted", () => {
    expect(middlewareOf("{ redirectScheme: { scheme: https, port: 443 } }")).toEqual({
      redirectScheme: { scheme: "https", port: "443" },
    });
    expect(
      middlewareOf("{ headers: { customRequestHeaders: { A: 1, B: true, C: '' , D: } } }"),
    ).toEqual({ headers: { customRequestHeaders: { A: "1", B: "true", C: "" } } });
    expect(
      staticOf("accessLog: { filters: { statusCodes: [200, 300-302] } }").accessLog!.filters,
    ).toEqual({ statusCodes: ["200", "300-302"] });
  });
});

describe("numbers and booleans", () => {
  test("come as text too", () => {
    expect(staticOf("accessLog: { bufferingSize: '100' }").accessLog!.bufferingSize).toBe(100);
    expect(middlewareOf("{ headers: { stsSeconds: '31536000', frameDeny: 'True' } }")).toEqual({
      headers: { stsSeconds: 31536000, frameDeny: true },
    });
  });

  test("a boolean is what Go's ParseBool takes", () => {
    for (const [text, value] of [
      ["1", true],
      ["t", true],
      ["TRUE", true],
      ["0", false],
      ["F", false],
      ["False", false],
    ] as const) {
      expect(staticOf(`log: { noColor: ${text} }`).log.noColor).toBe(value);
      expect(staticOf(`log: { noColor: "${text}" }`).log.noColor).toBe(value);
    }
  });
});

describe("lists", () => {
  test("one text stands for a list", () => {
    expect(middlewareOf("{ chain: { middlewares: a } }")).toEqual({
      chain: { middlewares: ["a"] },
    });
    expect(middlewareOf("{ chain: { middlewares: 'a, b' } }")).toEqual({
      chain: { middlewares: ["a", "b"] },
    });
    expect(middlewareOf("{ chain: { middlewares: '' } }")).toEqual({ chain: { middlewares: [] } });
  });
});

describe("durations", () => {
  test.each([
    ["5", 5000],
    ["'5'", 5000],
    ["0", 0],
    ["1m30s", 90_000],
    ["1.5s", 1500],
    ["250ms", 250],
    ["1h", 3_600_000],
    ["500us", 0.5],
  ])("%s", (text, milliseconds) => {
    const { providers } = staticOf(`providers: { providersThrottleDuration: ${text} }`);
    expect(providers.providersThrottleDuration).toBe(milliseconds);
  });
});
