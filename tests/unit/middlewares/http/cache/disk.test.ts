import { afterAll, expect, test } from "bun:test";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFiles } from "../../../../../runtime/node/files.ts";
import { LocalCounters } from "../../../../../src/core/counters/counters.ts";
import { waitFor } from "../../../../support/wait-for.ts";
import { CacheScene, type Fields, ok } from "./cache-scene.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-cache-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** A cache with a directory; each `scene` is another start of the program. */
function disk(options: object = {}, bytes = 1_000_000) {
  const path = join(folder, String(++count));
  const files = () =>
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".new"))
      .map((entry) => join(entry.parentPath, entry.name));
  return {
    path,
    files: () => {
      try {
        return files();
      } catch {
        return [];
      }
    },
    scene: (given: object = {}) =>
      CacheScene.of({ disk: { path, bytes }, ...options, ...given } as never, { files: nodeFiles }),
  };
}

const varying: Fields = [
  ["Cache-Control", "max-age=60"],
  ["Vary", "Accept"],
];

test("a restart finds what was kept, and its age goes on", async () => {
  const { scene, files } = disk();
  const before = await scene();
  before.answer = () =>
    ok("kept \xe4", [
      ["Cache-Control", "max-age=60"],
      ["X-A", "1"],
      ["Age", "7"],
    ]);
  await before.get("/x?y");
  await waitFor("the files", () => files().length === 1);
  const [file] = files();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(file, "..")).mode & 0o777).toBe(0o700);

  const after = await scene();
  after.time = 5_000_000;
  const { text, header } = await after.get("/x?y");
  expect([text, header("x-a"), after.asked.length]).toEqual(["kept \xe4", "1", 0]);
  expect(Number(header("age"))).toBeWithin(7, 60);
  // From memory now.
  rmSync(file);
  expect(await after.status("/x?y")).toBe("hit");
});

test("a file that is damaged, cut off, or another key's is a miss, and goes", async () => {
  const { scene, files } = disk();
  const damage: ((bytes: Buffer) => Uint8Array)[] = [
    (bytes) => bytes.subarray(0, bytes.length - 1),
    (bytes) => bytes.subarray(0, 20),
    () => new Uint8Array(0),
    (bytes) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
    (bytes) => bytes.map((byte, i) => (i === 55 ? byte ^ 1 : byte)),
    (bytes) => Buffer.concat([Buffer.from("SLUICE CACHE 0\n"), bytes.subarray(15)]),
  ];
  for (const change of damage) {
    await (await scene()).get();
    await waitFor("the files", () => files().length === 1);
    const [file] = files();
    writeFileSync(file, change(readFileSync(file)));
    const after = await scene();
    after.answer = () => ok("asked again", [["Cache-Control", "no-store"]]);
    expect((await after.get()).text).toBe("asked again");
    expect(files()).toEqual([]);
  }
  const one = await scene();
  await one.get("/a");
  await waitFor("the files", () => files().length === 1);
  const [a] = files();
  await one.get("/b");
  await waitFor("the files", () => files().length === 2);
  const b = files().find((file) => file !== a)!;
  writeFileSync(b, readFileSync(a));
  const after = await scene();
  await after.get("/b");
  expect(after.asked.length).toBe(1);
});

test("variants are files of their own", async () => {
  const { scene, files } = disk();
  const before = await scene();
  before.answer = (request) => ok(request.headers.get("accept") ?? "none", varying);
  for (const accept of ["a", "b"]) await before.get("/", [["Accept", accept]]);
  await waitFor("the files", () => files().length === 3);
  const after = await scene();
  for (const accept of ["a", "b"])
    expect((await after.get("/", [["Accept", accept]])).text).toBe(accept);
  expect(after.asked.length).toBe(0);
  await after.get();
  expect(after.asked.length).toBe(1);
});

test("a response that is not to be kept takes the file of the one before with it", async () => {
  const { scene, files } = disk();
  const one = await scene();
  await one.get();
  await waitFor("the files", () => files().length === 1);
  one.answer = () => ok("secret", [["Cache-Control", "no-store"]]);
  expect((await one.get("/", [["Cache-Control", "no-cache"]])).text).toBe("secret");
  await waitFor("no files", () => files().length === 0);
  one.answer = () => ok("new");
  expect((await one.get()).text).toBe("new");
});

test("other options for keys find nothing of before", async () => {
  const { scene, files } = disk({ key: { query: false } });
  const before = await scene();
  await before.get("/x?a=1");
  await waitFor("the files", () => files().length === 1);
  const after = await scene({ key: {} });
  await after.get("/x");
  expect(after.asked.length).toBe(1);
});

test("workers share the files; an object that is too large for memory is there alone", async () => {
  const { scene, files, path } = disk({ memoryBytes: 2_000 });
  const one = await scene();
  one.answer = () => ok("x".repeat(5_000));
  await one.get();
  await waitFor("the files", () => files().length === 1);
  const beside = await CacheScene.of(
    { disk: { path } },
    { files: nodeFiles, counters: one.counters },
  );
  expect([(await one.get()).text.length, (await beside.get()).text.length]).toEqual([5_000, 5_000]);
  expect([one.asked.length, beside.asked.length]).toEqual([1, 0]);
  await beside.ask({ method: "POST" });
  await waitFor("the files", () => files().length === 0);
});

test("the files never take more than they may, and the oldest go first", async () => {
  const budget = 40_000;
  const { scene, files } = disk({}, budget);
  const one = await scene();
  one.answer = () => ok("x".repeat(2_000));
  const sum = () => files().reduce((bytes, file) => bytes + statSync(file).size, 0);
  let written = 0;
  for (let i = 0; i < 60; i++) {
    const before = files();
    await one.get(`/${i}`);
    await waitFor("the files", () => files().some((file) => !before.includes(file)));
    const [added] = files().filter((file) => !before.includes(file));
    // Times that tell them apart, whatever the file system's are.
    utimesSync(added, 1_000 + i, 1_000 + i);
    written++;
    expect(sum()).toBeLessThanOrEqual(budget);
  }
  expect(written).toBe(60);
  const after = await scene();
  await after.get("/59");
  expect(after.asked.length).toBe(0);
  await after.get("/0");
  expect(after.asked.length).toBe(1);
});

test("purges remove the files, and what can't be written is said once", async () => {
  const { scene, files } = disk();
  const one = await scene();
  for (const target of ["/a", "/a/b", "/c"]) await one.get(target);
  await waitFor("the files", () => files().length === 3);
  const purge = one.middleware.purge!;
  expect(await purge({ url: "http://example.com/c", shared: false })).toBe(1);
  expect(files().length).toBe(3);
  expect(await purge({ prefix: "http://example.com/a", shared: true })).toBe(4);
  expect(files().length).toBe(1);
  expect(await purge({ shared: true })).toBe(1);
  expect(files().length).toBe(0);

  const file = join(folder, "a-file");
  writeFileSync(file, "");
  const said: string[] = [];
  const logger = { error: (message: string) => void said.push(message) } as never;
  const options = { disk: { path: file } };
  const counters = new LocalCounters();
  const broken = await CacheScene.of(options, { files: nodeFiles, counters, logger });
  for (const target of ["/a", "/b"]) expect((await broken.get(target)).text).toBe("body");
  await waitFor("the files", () => said.length > 0);
  expect(await broken.status("/a")).toBe("hit");
  expect(said).toEqual(["cache: cannot write a file"]);
  await expect(CacheScene.of({ disk: { path: "" } })).rejects.toThrow("the path is missing");
});
