import { expect, test } from "bun:test";
import { explainArguments } from "../../../../src/cli/explain/explain.ts";
import { explanationText } from "../../../../src/cli/explain/explanation-text.ts";
import { ask, worldOf } from "../../explain/explain-scene.ts";

test("flags of the question, of the API and of the configuration are told apart", () => {
  const read = explainArguments([
    "http://a.test/x",
    "-X",
    "PUT",
    "--header=A: 1",
    "-H",
    "B: 2",
    "--entryPoint=web",
    "--json",
    "--configFile",
    "sluice.yml",
    "--providers.file.filename=d.yml",
  ]);
  expect(Object.fromEntries(read.query)).toMatchObject({
    url: "http://a.test/x",
    method: "PUT",
    entryPoint: "web",
  });
  expect(read.query.getAll("header")).toEqual(["A: 1", "B: 2"]);
  expect([read.json, read.configuration]).toEqual([
    true,
    ["--configFile", "sluice.yml", "--providers.file.filename=d.yml"],
  ]);
  expect(explainArguments(["--api=http://x/", "http://y"]).api).toBe("http://x");
});

test.each([[[]], [["http://a", "http://b"]], [["http://a", "--ip"]]])(
  "%j is no question",
  (args) => {
    expect(() => explainArguments(args)).toThrow();
  },
);

test("nothing that others wrote moves the cursor", async () => {
  const world = worldOf("http: {routers: {r: {rule: 'Path(`/x`)', service: s}}}");
  const text = explanationText(await ask(world, "http://a.test/%1B%5B2J"));
  expect(text).not.toContain("\x1b");
  expect(text).toContain("\\u001b");
});
