import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exec } from "../../../../../src/acme/dns/own/exec.ts";
import { ApiDouble, dnsContext, NEVER, recordOf } from "../api-double.ts";
import { failure } from "../provider-contract.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-exec-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function program(text: string): string {
  const path = join(directory, "hook");
  writeFileSync(path, `#!/bin/sh\ncd ${directory}\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

function scene(env: Record<string, string>) {
  using double = new ApiDouble(() => undefined);
  return dnsContext(double, env);
}

test("exec runs a program with the record, and logs what it writes", async () => {
  const context = scene({ EXEC_PATH: program('echo "did $*"; echo aside >&2; echo "$*" >> args') });
  const provider = await exec(context);
  const record = recordOf("example.com", "-v");
  await provider.present(record, NEVER);
  await provider.cleanUp(record, NEVER);
  expect(readFileSync(join(directory, "args"), "utf8")).toBe(
    `present ${record.fqdn} ${record.value}\ncleanup ${record.fqdn} ${record.value}\n`,
  );
  expect(context.lines).toContain(`${directory}/hook: aside`);
  expect(context.lines).toContain(`${directory}/hook: did present ${record.fqdn} ${record.value}`);
});

test("exec gives what the record is made of in RAW mode", async () => {
  const env = { EXEC_PATH: program('echo "$*" > raw'), EXEC_MODE: "RAW" };
  const provider = await exec(scene(env));
  await provider.present(recordOf("example.com", "v"), NEVER);
  expect(readFileSync(join(directory, "raw"), "utf8")).toBe(
    "present -- example.com token-v token-v.thumbprint\n",
  );
});

test("exec fails with what the program says", async () => {
  const provider = await exec(scene({ EXEC_PATH: program("echo no such zone >&2; exit 3") }));
  expect(await failure(() => provider.present(recordOf("example.com", "v"), NEVER))).toBe(
    `exec: ${directory}/hook present: it ended with 3: no such zone`,
  );
  const missing = await exec(scene({ EXEC_PATH: join(directory, "missing") }));
  await expect(missing.present(recordOf("example.com", "v"), NEVER)).rejects.toThrow("ENOENT");
  expect(await failure(() => exec(scene({})))).toContain("EXEC_PATH");
});

test("exec is ended by the signal", async () => {
  const provider = await exec(scene({ EXEC_PATH: program("exec sleep 60") }));
  const controller = new AbortController();
  const running = provider.present(recordOf("example.com", "v"), controller.signal);
  setTimeout(() => controller.abort(new Error("stopped")), 50);
  await expect(running).rejects.toThrow("stopped");
});

test("exec has lego's times, and takes names one after another", async () => {
  expect(await exec(scene({ EXEC_PATH: "x" }))).toMatchObject({
    timeout: 60_000,
    interval: 2000,
    sequence: 60_000,
  });
  const env = {
    EXEC_PATH: "x",
    EXEC_PROPAGATION_TIMEOUT: "9",
    EXEC_POLLING_INTERVAL: "3",
    EXEC_SEQUENCE_INTERVAL: "0",
  };
  expect(await exec(scene(env))).toMatchObject({ timeout: 9000, interval: 3000, sequence: 0 });
});
