import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { nodeFiles } from "../../../runtime/node/files.ts";
import { RotatingLogFile } from "../../../src/telemetry/rotating-log-file.ts";
import { waitFor } from "../../support/wait-for.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-rotation-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const MEGABYTE = 1024 * 1024;
const line = (letter: string) => new TextEncoder().encode(`${letter.repeat(MEGABYTE / 2 - 1)}\n`);

test("a file that is full is put aside and compressed, no line is lost, old ones go", async () => {
  const path = join(directory, "a.log");
  const stale = "a-2001-02-03T04-05-06.789.log.gz";
  writeFileSync(join(directory, stale), "");
  writeFileSync(join(directory, "a-other.log"), "not ours");
  const log = await RotatingLogFile.open(nodeFiles, path, { maxSize: 1, maxAge: 1, maxBackups: 2 });
  for (const letter of ["a", "b", "c", "d", "e", "f", "g", "h", "i"]) {
    log.write(line(letter));
    // Their names have milliseconds.
    await log.flush();
    await Bun.sleep(2);
  }
  await log.close();
  const old = readdirSync(directory).filter((name) => /^a-\d/.test(name));
  expect(old).toHaveLength(2);
  for (const name of old)
    expect(name).toMatch(/^a-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.log\.gz$/);
  expect(old).not.toContain(stale);
  const texts = [
    ...old.sort().map((name) => gunzipSync(readFileSync(join(directory, name))).toString()),
    readFileSync(path, "utf8"),
  ];
  expect(
    texts.map((text) =>
      text
        .split("\n")
        .map(([first]) => first ?? "")
        .join(""),
    ),
  ).toEqual(["ef", "gh", "i"]);
  expect(readFileSync(join(directory, "a-other.log"), "utf8")).toBe("not ours");
});

test("what is there counts, and a file that can't be put aside goes on", async () => {
  const path = join(directory, "b.log");
  writeFileSync(path, line("x"));
  const files = { ...nodeFiles, rename: () => Promise.reject(new Error("no")) };
  const log = await RotatingLogFile.open(files, path, { maxSize: 1, maxAge: 0, maxBackups: 0 });
  const troubles: string[] = [];
  log.onTrouble = (error) => troubles.push(String(error));
  log.write(line("y"));
  log.write(line("z"));
  await log.close();
  await waitFor("the trouble", () => troubles.length > 0);
  expect(troubles).toEqual(["Error: the log file can't be put aside: no"]);
  expect(readFileSync(path, "utf8").length).toBe(1.5 * MEGABYTE);
});
