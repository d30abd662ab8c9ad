import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunRuntime } from "../../../runtime/bun/bun-runtime.ts";
import { HostResolver } from "../../../src/request/host-resolver.ts";
import { DnsDouble, type DnsEntry } from "../../support/servers/dns-double.ts";
import { silentLogger } from "../core/silent-logger.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-host-resolver-"));
afterAll(() => rmSync(directory, { recursive: true }));

const runtime = bunRuntime();

/** A resolver whose resolv.conf has these lines, and what it logged. */
function resolver(lines: readonly string[], { depth = 5, answer = 2000 } = {}) {
  const resolvConfig = join(directory, "resolv.conf");
  writeFileSync(resolvConfig, `# a comment\nsearch example.com\n${lines.join("\n")}\n`);
  const warnings: unknown[] = [];
  const logger = silentLogger({ warn: (_, fields) => warnings.push(fields?.["error"]) });
  const options = { resolvConfig, resolvDepth: depth };
  const made = new HostResolver(options, runtime, logger, { answer, lookup: 5000 });
  return { aliasOf: async (host: string) => made.aliasOf(host), made, warnings };
}

const CHAIN: Record<string, DnsEntry> = {
  "www.shop.test.": { cname: "Shop.test." },
  "a.test.": { cname: "b.test." },
  "b.test.": { cname: "c.test." },
  "c.test.": { txt: ["x"] },
  "round.test.": { cname: "about.test." },
  "about.test.": { cname: "round.test." },
};

describe("the name behind a host", () => {
  test.each([
    ["a CNAME, in lower case and without its dot", "www.shop.test", "shop.test"],
    ["a chain", "a.test", "c.test"],
    ["none: a name without a CNAME", "c.test", "c.test"],
    ["none: an unknown name", "unknown.test", "unknown.test"],
  ])("is that of %s", async (_, host, alias) => {
    using double = await DnsDouble.start(CHAIN);
    const { aliasOf, warnings } = resolver([`nameserver ${double.address}`]);
    expect(await aliasOf(host)).toBe(alias);
    expect(warnings).toEqual([]);
  });

  test("is looked for so deep and no deeper, in circles too", async () => {
    using double = await DnsDouble.start(CHAIN);
    const server = `nameserver ${double.address}`;
    expect(await resolver([server], { depth: 1 }).aliasOf("a.test")).toBe("b.test");
    expect(await resolver([server], { depth: 0 }).aliasOf("a.test")).toBe("a.test");
    expect(double.asked.length).toBe(1);
    expect(await resolver([server]).aliasOf("round.test")).toBe("about.test");
    expect(double.asked.length).toBe(6);
  });

  test.each(["192.0.2.1", "::1", "", "a..b", "*.test", `${"x".repeat(64)}.test`, "a/b.test"])(
    "isn't asked for: %p is no name",
    async (host) => {
      using double = await DnsDouble.start(CHAIN);
      expect(resolver([`nameserver ${double.address}`]).made.aliasOf(host)).toBe(host);
      expect(double.asked).toEqual([]);
    },
  );

  test("is asked for once for all that wait, and known afterwards without a promise", async () => {
    using double = await DnsDouble.start(CHAIN);
    const { made } = resolver([`nameserver ${double.address}`], { depth: 1 });
    const asked = Array.from({ length: 20 }, () => made.aliasOf("www.shop.test"));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["shop.test"]));
    expect(made.aliasOf("www.shop.test")).toBe("shop.test");
    expect(double.asked).toEqual(["CNAME www.shop.test. udp"]);
  });

  test("is the second server's where the first fails", async () => {
    using broken = await DnsDouble.start();
    broken.rcode = 2;
    using silent = await DnsDouble.start();
    silent.silent = true;
    using double = await DnsDouble.start(CHAIN);
    const lines = [broken, silent, double].map(({ address }) => `nameserver ${address}`);
    expect(await resolver(lines, { depth: 1, answer: 300 }).aliasOf("a.test")).toBe("b.test");
  });

  test("is the host's where all fail, with a warning", async () => {
    using broken = await DnsDouble.start();
    broken.rcode = 2;
    const { aliasOf, warnings } = resolver([`nameserver ${broken.address}`]);
    expect(await aliasOf("a.test")).toBe("a.test");
    expect(await aliasOf("a.test")).toBe("a.test");
    expect(warnings).toEqual(["name server 127.0.0.1: SERVFAIL"]);
  });

  test("is the host's where resolv.conf names no server", async () => {
    const { aliasOf, warnings } = resolver([]);
    expect(await aliasOf("a.test")).toBe("a.test");
    expect(String(warnings)).toContain(`expected a line "nameserver ADDRESS", found none`);
  });

  test("is not looked up for more than 64 hosts at a time", async () => {
    using double = await DnsDouble.start();
    double.silent = true;
    const { made } = resolver([`nameserver ${double.address}`], { answer: 200 });
    const found = Array.from({ length: 65 }, (_, index) => made.aliasOf(`${index}.test`));
    expect(found.slice(0, 64).every((each) => each instanceof Promise)).toBe(true);
    expect(found[64]).toBe("64.test");
    await Promise.all(found);
  });
});
