import { describe, expect, test } from "bun:test";
import type { ElementValue } from "../../../src/core/element-kind.ts";
import {
  ElementBuilder,
  ElementError,
  MissingElement,
  type Running,
  reachable,
  stopGone,
} from "../../../src/graph/element-builder.ts";

interface Value extends ElementValue {
  readonly made: number;
}

/** Elements by name: what each is made of, and the names of those that it uses. */
type Given = Readonly<Record<string, { readonly of: unknown; readonly uses?: string[] }>>;

/** Configurations one after the other, of elements that count how often they were made and stopped. */
class Scene {
  running: ReadonlyMap<string, Running<Value>> = new Map();
  builder!: ElementBuilder<Value>;
  made = 0;
  readonly stopped: number[] = [];
  /** Names that can't be made. */
  readonly broken = new Set<string>();

  async configure(given: Given): Promise<void> {
    const builder: ElementBuilder<Value> = new ElementBuilder<Value>({
      kind: "thing",
      previous: this.running,
      plan: async (name, path) => {
        const element = given[name];
        if (element === undefined) throw new MissingElement("thing", name);
        const children: Running<Value>[] = [];
        for (const child of element.uses ?? []) children.push(await builder.get(child, path));
        return {
          fingerprint: element.of,
          children,
          held: [],
          create: () => {
            if (this.broken.has(name)) throw new ElementError([`${name} is broken`, "in two ways"]);
            const made = ++this.made;
            return { made, stop: () => void this.stopped.push(made) };
          },
        };
      },
    });
    for (const name of Object.keys(given)) await builder.get(name).catch(() => {});
    const before = reachable(this.running.values());
    stopGone(before, reachable(builder.running.values()));
    this.running = builder.running;
    this.builder = builder;
  }

  /** Which make of each runs. */
  get makes(): Record<string, number> {
    return Object.fromEntries([...this.running].map(([name, { value }]) => [name, value.made]));
  }

  get failures() {
    return [...this.builder.failures.values()];
  }
}

describe("elements", () => {
  test("are kept where they and all that they use say the same, and made anew otherwise", async () => {
    const scene = new Scene();
    const given = (a: object) => ({ top: { of: 1, uses: ["a", "b"] }, a: { of: a }, b: { of: 2 } });
    await scene.configure(given({ x: [1] }));
    expect(scene.makes).toEqual({ a: 1, b: 2, top: 3 });
    await scene.configure(given({ x: [1] }));
    expect(scene.makes).toEqual({ a: 1, b: 2, top: 3 });
    await scene.configure(given({ x: [2] }));
    expect(scene.makes).toEqual({ a: 4, b: 2, top: 5 });
    expect(scene.stopped.sort()).toEqual([1, 3]);
    await scene.configure({ b: { of: 2 } });
    expect(scene.stopped.sort()).toEqual([1, 3, 4, 5]);
  });

  test("that use themselves are errors with the loop's names, and leave the rest", async () => {
    const scene = new Scene();
    await scene.configure({
      a: { of: 1, uses: ["b"] },
      b: { of: 1, uses: ["c"] },
      c: { of: 1, uses: ["b"] },
      d: { of: 1 },
    });
    const loop = 'thing "b": recursion: b -> c -> b';
    expect(scene.failures.map(({ name, errors }) => [name, errors])).toEqual([
      ["c", [loop]],
      ["b", [loop]],
      ["a", [loop]],
    ]);
    expect(Object.keys(scene.makes)).toEqual(["d"]);
  });

  test("with an error at the start fail alone, with those that use them", async () => {
    const scene = new Scene();
    scene.broken.add("bad");
    await scene.configure({
      user: { of: 1, uses: ["bad"] },
      bad: { of: 1 },
      good: { of: 1 },
    });
    expect(Object.keys(scene.makes)).toEqual(["good"]);
    expect(scene.failures.map(({ name, goesOn }) => [name, goesOn])).toEqual([
      ["bad", false],
      ["user", false],
    ]);
    expect(scene.failures[0].errors).toEqual(["bad is broken", "in two ways"]);
  });

  test("with an error later go on as they last worked, over reloads, until they are right", async () => {
    const scene = new Scene();
    const given = (of: number) => ({ user: { of: 1, uses: ["it"] }, it: { of } });
    await scene.configure(given(1));
    const worked = scene.makes;
    scene.broken.add("it");
    for (const of of [2, 3]) {
      await scene.configure(given(of));
      expect(scene.makes).toEqual(worked);
      expect(scene.failures.map(({ name, goesOn }) => [name, goesOn])).toEqual([["it", true]]);
    }
    expect(scene.stopped).toEqual([]);
    // As it last worked: nothing has changed.
    await scene.configure(given(1));
    expect([scene.makes, scene.failures]).toEqual([worked, []]);
    scene.broken.clear();
    await scene.configure(given(2));
    expect(scene.makes).toEqual({ it: 3, user: 4 });
    expect(scene.stopped.sort()).toEqual([1, 2]);
  });

  test("whose part is missing go on with the part that they had, which isn't stopped", async () => {
    const scene = new Scene();
    await scene.configure({ user: { of: 1, uses: ["part"] }, part: { of: 1 } });
    await scene.configure({ user: { of: 1, uses: ["part"] } });
    expect(scene.makes).toEqual({ user: 2 });
    expect(scene.failures).toEqual([
      { name: "user", errors: ['the thing "part" does not exist'], goesOn: true },
    ]);
    expect(scene.stopped).toEqual([]);
    await scene.configure({});
    expect(scene.stopped.sort()).toEqual([1, 2]);
  });

  test("of an owner are its own", async () => {
    const builder = new ElementBuilder<Value>({
      kind: "thing",
      previous: new Map(),
      plan: async (name, _, owner) => ({
        fingerprint: [name, owner],
        children: [],
        held: [],
        create: () => ({ made: owner.length }),
      }),
    });
    const shared = await builder.get("a");
    const own = await builder.get("a", [], "router");
    expect([shared.value.made, own.value.made]).toEqual([0, 6]);
    expect(await builder.get("a", [], "router")).toBe(own);
    expect([builder.known("a"), builder.known("a", "other")]).toEqual([shared, undefined]);
  });
});
