import { expect, test } from "bun:test";
import { Unpacker } from "../../../src/core/pieces.ts";
import { DEFAULT_OBSERVABILITY } from "../../../src/http/observability.ts";
import { aggregate, aggregateInTurns, type RouterMemo } from "../../../src/snapshot/aggregate.ts";
import { packSnapshot } from "../../../src/snapshot/packed-snapshot.ts";
import type { Snapshot } from "../../../src/snapshot/snapshot.ts";

const MODELS = [
  { name: "web", asDefault: false, middlewares: [], observability: DEFAULT_OBSERVABILITY },
  { name: "other", asDefault: false, middlewares: ["m"], observability: DEFAULT_OBSERVABILITY },
];

const source = (count: number, rule = "Path(`/`)") =>
  ({
    provider: "file",
    configuration: {
      http: {
        routers: Object.fromEntries(
          Array.from({ length: count }, (_, i) => [
            `r${i}`,
            i % 7 === 3
              ? { rule, service: "s", entryPoints: ["web", "gone"] }
              : { rule, service: "s", priority: BigInt(i) },
          ]),
        ),
        services: { s: { loadBalancer: { servers: [{ url: "http://a" }] } } },
      },
      tls: { certificates: [{ certFile: "a", keyFile: "b" }] },
    },
    disabled: [],
  }) as never;

test("a snapshot comes out as it went in, elements as the same values where they have not changed", async () => {
  const unpacker = new Unpacker();
  const carried = async (snapshot: Snapshot) => {
    const other = await unpacker.unpack<Snapshot>(structuredClone(packSnapshot(snapshot)));
    expect(other).toEqual(JSON.parse(JSON.stringify(snapshot)));
    expect(Object.keys(other.routers)).toEqual(Object.keys(snapshot.routers));
    return other;
  };
  const one = await carried(aggregate(1, [source(1000)], MODELS));
  const two = await carried(aggregate(2, [source(1000)], MODELS));
  expect(two.version).toBe(2);
  expect(two.routers["other-r5@file"]).toBe(one.routers["other-r5@file"]);
  const three = await carried(aggregate(3, [source(1000, "Path(`/new`)")], MODELS));
  expect(three.routers["other-r5@file"].rule).toBe("Path(`/new`)");
  await carried(aggregate(4, [], MODELS));
});

test("in turns it is the same snapshot, and a router that is the same value is not routed again", async () => {
  const memo: RouterMemo = new WeakMap();
  const sources = [source(500)];
  const first = await aggregateInTurns(memo, 1, sources, MODELS);
  expect(first).toEqual(aggregate(1, sources, MODELS));
  const second = await aggregateInTurns(memo, 2, sources, MODELS);
  expect(second).toEqual(aggregate(2, sources, MODELS));
  expect(second.routers["other-r5@file"]).toBe(first.routers["other-r5@file"]);
  // Another provider is there by now, before it.
  const more = [{ provider: "docker", configuration: {}, disabled: [] } as never, ...sources];
  expect(await aggregateInTurns(memo, 3, more, MODELS)).toEqual(aggregate(3, more, MODELS));
});
