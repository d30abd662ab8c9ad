import { describe, expect, test } from "bun:test";
import type { DynamicConfiguration } from "../../../../src/config/dynamic/schema.ts";
import { mergeUnits } from "../../../../src/providers/labels/merge-units.ts";

function part(name: string, url: string, more: Record<string, unknown> = {}, rule = "Path(`/`)") {
  return {
    name,
    configuration: {
      http: {
        routers: { r: { rule, service: "s" } },
        services: { s: { loadBalancer: { servers: [{ url }], passHostHeader: true, ...more } } },
      },
    } as unknown as DynamicConfiguration,
  };
}

const urls = ({ http }: DynamicConfiguration) =>
  http?.services?.["s"]?.loadBalancer?.servers?.map(({ url }) => url);

describe("units put together", () => {
  test("have the servers of all, each once, in the order of their names", () => {
    const { configuration, conflicts } = mergeUnits([
      part("b", "http://2"),
      part("a", "http://1"),
      part("c", "http://1"),
    ]);
    expect(urls(configuration)).toEqual(["http://1", "http://2"]);
    expect(configuration.http?.routers?.["r"].rule).toBe("Path(`/`)");
    expect(conflicts).toEqual([]);
  });

  test("lose a service that differs in more than its servers", () => {
    const { configuration, conflicts } = mergeUnits([
      part("a", "http://1"),
      part("b", "http://2", { passHostHeader: false }),
    ]);
    expect(configuration.http?.services).toEqual({});
    expect(conflicts).toEqual([
      'HTTP service "s" defined multiple times with different configurations in a, b',
    ]);
  });

  test("lose a router that differs, and keep what doesn't", () => {
    const { configuration, conflicts } = mergeUnits([
      part("a", "http://1"),
      part("b", "http://2", {}, "Path(`/b`)"),
    ]);
    expect(configuration.http?.routers).toEqual({});
    expect(urls(configuration)).toEqual(["http://1", "http://2"]);
    expect(conflicts).toEqual([
      'HTTP router "r" defined multiple times with different configurations in a, b',
    ]);
  });

  test("don't change what they are made of", () => {
    const first = part("a", "http://1");
    mergeUnits([first, part("b", "http://2")]);
    expect(urls(first.configuration)).toEqual(["http://1"]);
  });
});
