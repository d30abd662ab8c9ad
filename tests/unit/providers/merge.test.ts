import { expect, test } from "bun:test";
import type { DynamicConfiguration } from "../../../src/config/dynamic/schema.ts";
import { mergeConfigurations } from "../../../src/providers/merge.ts";

const part = (source: string, http: unknown) => ({
  source,
  configuration: { http } as DynamicConfiguration,
  disabled: [],
});

test("files are put together; a name that two of them define is used from neither", () => {
  const { configuration, conflicts } = mergeConfigurations([
    part("a.yml", { routers: { one: { rule: "a" }, both: { rule: "a" } }, services: { s: {} } }),
    part("b.yml", { routers: { two: { rule: "b" }, both: { rule: "b" } } }),
  ]);
  expect(Object.keys(configuration.http?.routers ?? {})).toEqual(["one", "two"]);
  expect(Object.keys(configuration.http?.services ?? {})).toEqual(["s"]);
  expect(conflicts).toEqual(["http.routers.both is defined in a.yml and in b.yml: neither is used"]);
});
