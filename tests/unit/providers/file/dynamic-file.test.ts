import { describe, expect, test } from "bun:test";
import { ConfigError } from "../../../../src/config/sources/document.ts";
import {
  DynamicFileUnpacker,
  packDynamicFile,
  readDynamicFile,
} from "../../../../src/providers/file/dynamic-file.ts";

const manyRouters = (count: number, extra = "") =>
  Array.from(
    { length: count },
    (_, i) => `    r${i}: { rule: "Host(\`h${i}\`)", service: s${extra} }\n`,
  ).join("");

describe("a file read by another thread says the same", () => {
  const files: [name: string, text: string][] = [
    ["routers.yml", `http:\n  routers:\n${manyRouters(450)}`],
    [
      "everything.yml",
      `http:
  routers:
    top: { rule: "Path(\`/\`)", service: s, priority: 9223372036854775807 }
    low: { rule: "Path(\`/\`)", service: s, priority: -5 }
    bad: { rule: "Path(\`/\`)", service: s, tls: {} }
  services:
    s: { loadBalancer: { servers: [{ url: "http://a" }], healthCheck: { path: /, interval: 1m } } }
    h: { handler: { module: ./handler.ts } }
  middlewares:
    priority: { addPrefix: { prefix: /a } }
  serversTransports:
    t: {}
  unknown: {}
`,
    ],
    ["disabled.yml", `http:\n  routers:\n${manyRouters(450, ", tls: {}")}`],
    ["empty.yml", ""],
    ["f.toml", "[http.routers.r]\nrule = 'x'\nservice = 's'\npriority = 3\n"],
  ];
  test.each(files)("%s", async (name, text) => {
    const packed = packDynamicFile({ name, text });
    for (const piece of packed) expect(typeof piece).toBe("string");
    const unpacker = new DynamicFileUnpacker();
    const read = await unpacker.unpack(structuredClone(packed));
    expect(read).toEqual(readDynamicFile({ name, text }));
    expect(await unpacker.unpack(structuredClone(packed))).toEqual(read);
  });

  test("a file that can't be parsed", async () => {
    const file = { name: "f.yml", text: "a: 1\na: 2\na: 3\n" };
    const error = (await new DynamicFileUnpacker()
      .unpack(packDynamicFile(file))
      .catch((e: unknown) => e)) as ConfigError;
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.issues).toEqual([
      { path: [], where: "f.yml:2:1", message: 'the key "a" is there twice' },
      { path: [], where: "f.yml:3:1", message: 'the key "a" is there twice' },
    ]);
    expect(() => readDynamicFile(file)).toThrow(error.message);
  });

  test("an element that is the same in the next version is the same value, and most are behind one more", async () => {
    const unpacker = new DynamicFileUnpacker();
    const read = async (text: string) => {
      const file = { name: "f.yml", text: `http:\n  routers:\n${text}` };
      const { configuration } = await unpacker.unpack(packDynamicFile(file));
      expect(configuration).toEqual(readDynamicFile(file).configuration);
      return configuration.http!.routers!;
    };
    const before = await read(`    a: { rule: x, service: s, priority: 5 }\n${manyRouters(3000)}`);
    const after = await read(`    new: { rule: x, service: s }\n${manyRouters(3000)}`);
    const same = Object.keys(before).filter((name) => before[name] === after[name]);
    expect(same.length).toBeGreaterThan(2500);
    expect(Object.keys(after)[0]).toBe("new");
  });
});
