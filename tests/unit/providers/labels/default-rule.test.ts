import { expect, test } from "bun:test";
import { TemplateError } from "../../../../src/config/template/template-error.ts";
import { defaultRule } from "../../../../src/providers/labels/default-rule.ts";

const MODEL = { Name: "my-app", ContainerName: "my_app", Labels: { "a.b": "x" } };
const rule = (template: string, env = {}) => defaultRule(template, env)(MODEL);

test("a default rule sees names, labels and the environment", () => {
  const template =
    "Host(`{{ normalize .ContainerName }}.{{ env `DOMAIN` }}`) && Path(`/{{ index .Labels `a.b` }}`)";
  expect(rule(template, { DOMAIN: "example.com" })).toBe(
    "Host(`my-app.example.com`) && Path(`/x`)",
  );
});

test("a label that isn't there is an empty text, as in Traefik", () => {
  expect(rule("<{{ index .Labels `no` }}{{ .Labels.no }}>")).toBe("<>");
});

test("a field that isn't there is a mistake, as in Traefik", () => {
  expect(() => rule("{{ .Nmae }}")).toThrow(TemplateError);
  expect(() => defaultRule("{{ .ContainerName }}", {})({ Name: "a", Labels: {} })).toThrow(
    "there is no field ContainerName",
  );
});
