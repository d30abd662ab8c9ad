import { describe, expect, test } from "bun:test";
import type { DynamicConfiguration } from "../../../src/config/dynamic/schema.ts";
import { ConfigurationWatcher } from "../../../src/control/configuration-watcher.ts";
import { DEFAULT_OBSERVABILITY } from "../../../src/http/observability.ts";
import type { ProviderConfiguration } from "../../../src/snapshot/provider-configuration.ts";
import type { Snapshot } from "../../../src/snapshot/snapshot.ts";
import { waitFor } from "../../support/wait-for.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} } as never;

const MODEL = {
  name: "web",
  asDefault: false,
  middlewares: [],
  observability: DEFAULT_OBSERVABILITY,
};

function configuration(...routers: string[]): ProviderConfiguration {
  const entries = routers.map((name) => [name, { rule: "Path(`/`)", service: "s" }]);
  return {
    provider: "test",
    configuration: { http: { routers: Object.fromEntries(entries) } } as DynamicConfiguration,
    disabled: [],
  };
}

/** A watcher over one provider that the test speaks for. */
async function watch(throttle: number, apply: (snapshot: Snapshot) => Promise<void>) {
  let emit: (configuration: ProviderConfiguration) => void = () => {};
  const watcher = new ConfigurationWatcher({
    providers: [
      {
        name: "test",
        start: async (to) => {
          emit = to;
          to(configuration("first"));
          return () => {};
        },
      },
    ],
    models: [MODEL],
    throttle,
    logger: silent,
    apply,
  });
  await watcher.start();
  return { watcher, emit: (...routers: string[]) => emit(configuration(...routers)) };
}

const names = (snapshot: Snapshot) => Object.keys(snapshot.routers);
const soon = () => new Promise((resolve) => setTimeout(resolve, 30));

describe("ConfigurationWatcher", () => {
  test("applies the first at once and a storm as one, the newest", async () => {
    const applied: string[][] = [];
    const { watcher, emit } = await watch(
      10,
      async (snapshot) => void applied.push(names(snapshot)),
    );
    expect(applied).toEqual([["first@test"]]);
    for (let i = 0; i < 50; i++) emit(`r${i}`);
    await waitFor("the newest", () => applied.at(-1)?.[0] === "r49@test");
    watcher.stop();
    // On a busy machine the period may be over before the storm.
    expect(applied.length).toBeLessThanOrEqual(3);
  });

  test("skips what is equal, and applies what was emptied", async () => {
    const applied: string[][] = [];
    const { watcher, emit } = await watch(
      0,
      async (snapshot) => void applied.push(names(snapshot)),
    );
    emit("first");
    await soon();
    expect(applied).toEqual([["first@test"]]);
    emit();
    await soon();
    watcher.stop();
    expect(applied).toEqual([["first@test"], []]);
  });

  test("a snapshot that can't be applied doesn't stop the next one", async () => {
    const applied: string[][] = [];
    const { watcher, emit } = await watch(0, async (snapshot) => {
      if (names(snapshot).includes("bad@test")) throw new Error("no");
      applied.push(names(snapshot));
    });
    emit("bad");
    await soon();
    emit("good");
    await soon();
    watcher.stop();
    expect(applied).toEqual([["first@test"], ["good@test"]]);
  });

  test("never applies two at a time, and loses none that came meanwhile", async () => {
    const applied: string[][] = [];
    let running = 0;
    const { watcher, emit } = await watch(0, async (snapshot) => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      applied.push(names(snapshot));
    });
    emit("second");
    await new Promise((resolve) => setTimeout(resolve, 2));
    emit("third");
    await soon();
    await soon();
    watcher.stop();
    expect(applied.at(-1)).toEqual(["third@test"]);
  });

  test("applies nothing once it is stopped", async () => {
    const applied: string[][] = [];
    const { watcher, emit } = await watch(
      20,
      async (snapshot) => void applied.push(names(snapshot)),
    );
    emit("waiting");
    watcher.stop();
    emit("late");
    await soon();
    expect(applied).toEqual([["first@test"]]);
  });

  test("a provider that can't be had keeps the others from nothing, and is started again", async () => {
    const applied: string[][] = [];
    let tries = 0;
    const watcher = new ConfigurationWatcher({
      providers: [
        {
          name: "gone",
          remote: true,
          start: async (emit) => {
            if (++tries === 1) throw new Error("no route");
            emit({ ...configuration("late"), provider: "gone" });
            return () => {};
          },
        },
        { name: "silent", remote: true, start: () => new Promise(() => {}) },
        {
          name: "test",
          start: async (emit) => {
            emit(configuration("first"));
            return () => {};
          },
        },
      ],
      models: [MODEL],
      throttle: 0,
      logger: silent,
      patience: 10,
      apply: async (snapshot) => void applied.push(names(snapshot)),
    });
    await watcher.start();
    expect(applied).toEqual([["first@test"]]);
    await waitFor("the provider's second start", () => applied.length === 2);
    watcher.stop();
    // In the order of the rank of the providers, not of their first configurations.
    expect(applied[1]).toEqual(["late@gone", "first@test"]);
  });
});
