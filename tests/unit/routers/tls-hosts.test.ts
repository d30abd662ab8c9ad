import { describe, expect, test } from "bun:test";
import { TlsHosts } from "../../../src/routers/tls-hosts.ts";

const router = (name: string, hosts: string[], options = "default") => ({ name, hosts, options });

describe("TlsHosts", () => {
  test("finds a name, then the wildcard's one label, then routers without a host", () => {
    const hosts = new TlsHosts([
      router("a", ["a.test"], "strict@file"),
      router("w", ["*.a.test"], "wild@file"),
      router("any", []),
    ]);
    expect(hosts.find("a.test")).toEqual({ options: "strict@file", catchAll: false });
    expect(hosts.find("b.a.test")).toEqual({ options: "wild@file", catchAll: false });
    expect(hosts.find("c.b.a.test")).toEqual({ options: "default", catchAll: true });
    expect(hosts.find("")).toEqual({ options: "default", catchAll: true });
    expect(hosts.conflicts).toEqual([]);
  });

  test("without any router nothing is found", () => {
    const hosts = new TlsHosts([]);
    expect(hosts.empty).toBe(true);
    expect(hosts.find("a.test")).toBeNull();
  });

  test("a name without a router isn't found where all routers have hosts", () => {
    const hosts = new TlsHosts([router("a", ["a.test"])]);
    expect(hosts.empty).toBe(false);
    expect(hosts.find("b.test")).toBeNull();
  });

  test("a host with two sets of options has the default ones, with all hosts of its routers", () => {
    const hosts = new TlsHosts([
      router("one", ["a.test", "b.test"], "x@file"),
      router("two", ["a.test"], "y@file"),
      router("three", ["c.test"], "x@file"),
    ]);
    expect(hosts.find("a.test")?.options).toBe("default");
    expect(hosts.find("b.test")?.options).toBe("default");
    expect(hosts.find("c.test")?.options).toBe("x@file");
    expect([...hosts.resolved]).toEqual([
      ["one", "default"],
      ["two", "default"],
      ["three", "x@file"],
    ]);
    expect(hosts.conflicts.map(({ name }) => name)).toEqual(["one", "two"]);
  });

  test("a router that falls back doesn't take the demands of another one's host away", () => {
    const fallen = router("fallen", ["shared.test", "guarded.test"], "mutual@file");
    const contester = router("contester", ["shared.test"]);
    const guard = router("guard", ["guarded.test"], "mutual@file");
    for (const order of [
      [fallen, contester, guard],
      [guard, contester, fallen],
    ]) {
      const hosts = new TlsHosts(order);
      expect(hosts.find("guarded.test")?.options).toBe("mutual@file");
      expect(hosts.find("shared.test")?.options).toBe("default");
    }
  });

  test("options on a router without a host can't be applied, and that is said", () => {
    const hosts = new TlsHosts([router("any", [], "x@file")]);
    expect(hosts.resolved.get("any")).toBe("default");
    expect(hosts.conflicts[0].message).toContain("x@file");
  });

  describe("a router that would lose the client certificates that it asks for", () => {
    const demands = (options: string) => (options.startsWith("mutual") ? options : "");

    test("is refused where another one names its host with other options, which has the default ones", () => {
      const guarded = router("guarded", ["a.test"], "mutual@file");
      const open = router("open", ["a.test"], "modern@file");
      for (const order of [
        [guarded, open],
        [open, guarded],
      ]) {
        const hosts = new TlsHosts(order, demands);
        const refused = hosts.conflicts.filter((conflict) => conflict.refused);
        expect(refused.map(({ name }) => name)).toEqual(["guarded"]);
        expect(refused[0].message).toContain("the router is disabled");
        expect(hosts.find("a.test")).toEqual({ options: "default", catchAll: false });
      }
    });

    test("is refused where its rule names no host, and leaves no catch-all behind", () => {
      const hosts = new TlsHosts([router("any", [], "mutual@file")], demands);
      expect(hosts.conflicts.map(({ refused }) => refused)).toEqual([true]);
      expect(hosts.find("a.test")).toBeNull();
    });

    test("is refused with all its hosts, and another one's of the same options stays", () => {
      const fallen = router("fallen", ["shared.test", "guarded.test"], "mutual@file");
      const contester = router("contester", ["shared.test"]);
      const guard = router("guard", ["guarded.test"], "mutual@file");
      const hosts = new TlsHosts([fallen, contester, guard], demands);
      expect(hosts.conflicts.map(({ name, refused }) => [name, refused])).toEqual([
        ["fallen", true],
      ]);
      expect(hosts.find("guarded.test")?.options).toBe("mutual@file");
    });

    test("is served where the default options ask for the same", () => {
      const same = (options: string) => (options === "modern@file" ? "" : "members");
      const conflicting = [router("one", [], "mutual@file"), router("two", [], "modern@file")];
      const hosts = new TlsHosts(conflicting, same);
      expect(hosts.conflicts.map(({ refused }) => refused)).toEqual([false, false]);
    });
  });

  test("all hosts, by name", () => {
    const hosts = new TlsHosts([router("any", ["*"], "x@file")]);
    expect(hosts.find("whoever.test")).toEqual({ options: "x@file", catchAll: true });
  });
});
