import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFiles } from "../../../../runtime/node/files.ts";
import { DnsEnvironment } from "../../../../src/acme/dns/dns-environment.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-environment-"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const environment = (env: Record<string, string>) => new DnsEnvironment({ env, files: nodeFiles });

test("a variable goes before its file, and the file loses its final newline", async () => {
  const path = join(directory, "token");
  await writeFile(path, "from the file\n");
  const both = environment({ TOKEN: "from the variable", TOKEN_FILE: path });
  expect(await both.required("TOKEN")).toBe("from the variable");
  expect(await environment({ TOKEN: "", TOKEN_FILE: path }).required("TOKEN")).toBe(
    "from the file",
  );
});

test("the first of several names that has a value counts", async () => {
  const env = environment({ CLOUDFLARE_DNS_API_TOKEN: "b" });
  expect(await env.required("CF_DNS_API_TOKEN", "CLOUDFLARE_DNS_API_TOKEN")).toBe("b");
  expect(await env.optional("CF_ZONE_API_TOKEN")).toBeUndefined();
});

test("what is missing or can't be read is named, what is in a file is not shown", async () => {
  await expect(environment({}).required("A", "B")).rejects.toThrow("variable A (or B)");
  const missing = join(directory, "missing");
  await expect(environment({ A_FILE: missing }).required("A")).rejects.toThrow(missing);
});

test("times, numbers and flags are read as Go reads them", async () => {
  const env = environment({ TTL: "300", POLLING: "4", YES: "T", NO: "False", WRONG: "soon" });
  expect(await env.integer(120, "TTL")).toBe(300);
  expect(await env.seconds(2000, "POLLING")).toBe(4000);
  expect(await env.seconds(2000, "OTHER")).toBe(2000);
  expect(await env.flag(false, "YES")).toBe(true);
  expect(await env.flag(true, "NO")).toBe(false);
  await expect(env.seconds(2000, "WRONG")).rejects.toThrow(
    'WRONG: expected whole seconds, found "soon"',
  );
  await expect(env.flag(true, "WRONG")).rejects.toThrow("WRONG: expected true or false");
});
