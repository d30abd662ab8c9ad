import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { durableFiles } from "../../../../runtime/node/engine/durable-files.ts";
import { nodeFiles } from "../../../../runtime/node/files.ts";
import { FileStorage } from "../../../../src/acme/storage/file-storage.ts";
import type { StoredCertificate } from "../../../../src/acme/storage/stored.ts";
import { createLogger } from "../../../../src/telemetry/logger.ts";
import { MemoryFile } from "../../../support/memory-file.ts";
import { waitFor } from "../../../support/wait-for.ts";

let directory: string;
let path: string;
const open: FileStorage[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-storage-"));
  path = join(directory, "acme.json");
});

afterEach(async () => {
  for (const storage of open.splice(0)) await storage.close();
  rmSync(directory, { recursive: true, force: true });
});

/** `pid` is that of a process which lives, for the lock. */
function storage(pid = process.pid, readOnly = false, host = hostname()): FileStorage {
  const made = new FileStorage({
    path,
    runtime: { files: nodeFiles, durableFiles, hostname, pid: process.pid },
    logger: createLogger({ level: "panic", format: "common" }, new MemoryFile()),
    lock: { beat: 20, pid, host },
    readOnly,
  });
  open.push(made);
  return made;
}

const certificate = (main: string): StoredCertificate => ({
  main,
  sans: [],
  certificate: `C ${main}`,
  key: `K ${main}`,
  store: "default",
});

const add = (to: FileStorage, resolver: string, main: string) =>
  to.update(resolver, (section) => ({
    ...section,
    certificates: [...section.certificates, certificate(main)],
  }));

const mainsIn = (from: FileStorage, resolver: string) =>
  from.section(resolver).certificates.map(({ main }) => main);

test("a file is made for its owner alone, and has what was stored last", async () => {
  const first = storage();
  await first.open();
  expect(readFileSync(path, "utf8")).toBe("");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await Promise.all([
    add(first, "b", "1.test"),
    add(first, "a", "2.test"),
    add(first, "a", "3.test"),
  ]);
  await first.close();
  expect(existsSync(`${path}.lock`)).toBe(false);
  const second = storage();
  await second.open();
  expect(mainsIn(second, "a")).toEqual(["2.test", "3.test"]);
  expect(mainsIn(second, "b")).toEqual(["1.test"]);
});

test("what others may read, or what isn't Traefik's, is refused and stays what it is", async () => {
  writeFileSync(path, "{}");
  chmodSync(path, 0o644);
  await expect(storage().open()).rejects.toThrow(
    `permissions 644 for ${path} are too open, please use 600`,
  );
  chmodSync(path, 0o600);
  writeFileSync(path, '{"le": {"Certificates": 1}}');
  await expect(storage().open()).rejects.toThrow("le.Certificates: expected a list");
  writeFileSync(path, '{"le": ');
  await expect(storage().open()).rejects.toThrow(`${path} can't be read`);
  expect(readFileSync(path, "utf8")).toBe('{"le": ');
});

test("of two processes one writes; the other sees it, and takes over", async () => {
  const first = storage();
  await first.open();
  // The parent of this process lives as well.
  const second = storage(process.ppid);
  await second.open();
  expect([first.isOwner, second.isOwner]).toEqual([true, false]);
  let told = 0;
  second.follow(() => told++);
  await add(first, "le", "a.test");
  await waitFor("the other one to see it", () => mainsIn(second, "le").length === 1);
  await expect(add(second, "le", "b.test")).rejects.toThrow("another process has the lock");
  await first.close();
  await waitFor("the other one to take over", () => second.isOwner);
  await add(second, "le", "c.test");
  expect(readFileSync(path, "utf8")).toContain('"main": "c.test"');
  expect(told).toBeGreaterThan(1);
});

test("the lock of a process that has ended is taken over, elsewhere after it was silent for long", async () => {
  const dead = Bun.spawnSync(["true"]).pid;
  for (const [host, pid] of [
    [hostname(), dead],
    ["elsewhere", 1],
  ] as const) {
    writeFileSync(`${path}.lock`, JSON.stringify({ host, pid, id: "x", beat: 1 }));
    const own = storage();
    await own.open();
    expect(own.isOwner).toBe(host !== "elsewhere");
    await waitFor("it to take over", () => own.isOwner);
    await own.close();
  }
});

test("what could not be written is written as soon as it can be", async () => {
  const own = storage();
  await own.open();
  const replace = durableFiles.replace;
  durableFiles.replace = () => Promise.reject(new Error("no space left"));
  await expect(add(own, "le", "a.test")).rejects.toThrow("no space left");
  expect(mainsIn(own, "le")).toEqual(["a.test"]);
  durableFiles.replace = replace;
  await waitFor("it to be written", () => readFileSync(path, "utf8").includes("a.test"));
});

test("a check reads, and leaves nothing behind", async () => {
  const reader = storage(process.pid, true);
  await reader.open();
  expect(existsSync(path)).toBe(false);
  writeFileSync(path, "", { mode: 0o600 });
  await storage(process.pid, true).open();
  expect(existsSync(`${path}.lock`)).toBe(false);
});
