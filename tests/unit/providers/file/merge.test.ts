import { expect, test } from "bun:test";
import type { DynamicConfiguration } from "../../../../src/config/dynamic/schema.ts";
import { mergeConfigurations } from "../../../../src/providers/file/merge.ts";

const part = (source: string, http: unknown) => ({
  source,
  configuration: { http } as DynamicConfiguration,
  disabled: [],
});

test("files are put together; a name that two of them define is the first one's", () => {
  const { configuration, conflicts } = mergeConfigurations([
    part("a.yml", { routers: { one: { rule: "a" }, both: { rule: "a" } }, services: { s: {} } }),
    part("b.yml", { routers: { two: { rule: "b" }, both: { rule: "b" } } }),
  ]);
  expect(Object.keys(configuration.http?.routers ?? {})).toEqual(["one", "both", "two"]);
  expect(configuration.http?.routers?.["both"]?.rule).toBe("a");
  expect(Object.keys(configuration.http?.services ?? {})).toEqual(["s"]);
  expect(conflicts).toEqual([
    "http.routers.both is defined in a.yml and in b.yml: the first one is used",
  ]);
});
