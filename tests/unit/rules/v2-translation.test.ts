import { describe, expect, test } from "bun:test";
import { compileHttpRule, HTTP_MATCHERS } from "../../../src/rules/http-matchers.ts";
import { parseRule } from "../../../src/rules/parser.ts";
import { compileTcpRule, TCP_MATCHERS } from "../../../src/rules/tcp-matchers.ts";
import { translatedRule } from "../../../src/rules/v2-translation.ts";

describe("a rule of Traefik 2 in v3", () => {
  test.each([
    ["Host(`a.test`)", "Host(`a.test`)"],
    ["Host(`a.test`, `b.test`)", "(Host(`a.test`) || Host(`b.test`))"],
    ["hostheader(`a.test`)", "Host(`a.test`)"],
    [
      "HostRegexp(`{sub:[a-z]{2,3}}.a-b.test`, `{x}.test`)",
      "(HostRegexp(`^(?i)(?:[a-z]{2,3})\\.a-b\\.test$`) || HostRegexp(`^(?i)(?:[^.]+)\\.test$`))",
    ],
    ["Path(`/a`, `/b/{id:[0-9]+}`)", "(Path(`/a`) || PathRegexp(`^/b/(?:[0-9]+)$`))"],
    ["PathPrefix(`/{any}/x.y`)", "PathRegexp(`^/(?:[^/]+)/x\\.y`)"],
    [
      "PathPrefix(`/a`) && !Method(`GET`, `HEAD`)",
      "(PathPrefix(`/a`) && !(Method(`GET`) || Method(`HEAD`)))",
    ],
    ["Headers(`X-A`, `1`)", "Header(`X-A`, `1`)"],
    ["HeadersRegexp(`X-A`, `^a|b$`)", "HeaderRegexp(`X-A`, `^a|b$`)"],
    ["Query(`a=1`, `b=`)", "(Query(`a`, `1`) && QueryRegexp(`b`, `.*`))"],
    ["Query(`a={n:[0-9]+}`)", "QueryRegexp(`a`, `^(?:[0-9]+)$`)"],
    ["ClientIP(`10.0.0.0/8`, `::1`)", "(ClientIP(`10.0.0.0/8`) || ClientIP(`::1`))"],
    ["(Host(`a`) || Host(`b`)) && Path(`/`)", "((Host(`a`) || Host(`b`)) && Path(`/`))"],
  ])("%s", (rule, expected) => {
    const translated = translatedRule(rule, "http");
    expect(translated).toBe(expected);
    compileHttpRule(parseRule(translated, HTTP_MATCHERS));
  });

  test.each([
    ["HostSNI(`*`)", "HostSNI(`*`)"],
    [
      "HostSNI(`a.test`, `b.test`) && ALPN(`h2`)",
      "((HostSNI(`a.test`) || HostSNI(`b.test`)) && ALPN(`h2`))",
    ],
    ["HostSNIRegexp(`{sub}.a.test`)", "HostSNIRegexp(`^(?:[^.]+)\\.a\\.test$`)"],
  ])("TCP: %s", (rule, expected) => {
    const translated = translatedRule(rule, "tcp");
    expect(translated).toBe(expected);
    compileTcpRule(parseRule(translated, TCP_MATCHERS));
  });

  test.each([
    ["PathRegexp(`/a`)", "unknown matcher"],
    ["Path(`/{a`)", "never closed"],
    ["Path(`/a}{b}`)", "never opened"],
    ["Path(`/{}`)", "expected {name:expression} or {name}, found {}"],
    ["Path(`/{a:}`)", "found {a:}"],
    ["Query(`a`)", 'Query takes key=value, found "a"'],
    ["Headers(`a`)", "Headers takes 2 values, found 1"],
  ])("%s is refused", (rule, message) => {
    expect(() => translatedRule(rule, "http")).toThrow(message);
  });
});
