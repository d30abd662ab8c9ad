import assert from "node:assert/strict";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import type { Case } from "./case.ts";
import { settle, within } from "./probe.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Files, signals, modules. */
export const HOST_CASES: Case[] = [
  {
    name: "files are read, and what is missing has a code",
    async run({ files }) {
      await inDirectory(async (directory) => {
        const path = join(directory, "a");
        await writeFile(path, "content");
        const bytes = await files.read(path);
        assert.ok(bytes instanceof Uint8Array);
        assert.equal(decode(bytes), "content");
        await assert.rejects(files.read(join(directory, "none")), { code: "ENOENT" });
      });
    },
  },
  {
    name: "files and directories are told apart",
    async run({ files }) {
      await inDirectory(async (directory) => {
        const path = join(directory, "a");
        const before = Date.now() - 5000;
        await writeFile(path, "12345");
        await symlink("a", join(directory, "link"));
        for (const name of ["a", "link"]) {
          const file = await files.info(join(directory, name));
          assert.equal(file?.isFile, true);
          assert.equal(file?.isDirectory, false);
          assert.equal(file?.size, 5);
          assert.ok(file!.modified > before);
        }
        const folder = await files.info(directory);
        assert.equal(folder?.isFile, false);
        assert.equal(folder?.isDirectory, true);
        assert.equal(await files.info(join(directory, "none")), undefined);
        assert.equal(await files.info(join(path, "below a file")), undefined);
      });
    },
  },
  {
    name: "directories are listed in order",
    async run({ files }) {
      await inDirectory(async (directory) => {
        for (const name of ["b", "a", "C", ".hidden"]) await writeFile(join(directory, name), "");
        await mkdir(join(directory, "sub"));
        assert.deepEqual(await files.list(directory), [".hidden", "C", "a", "b", "sub"]);
        await assert.rejects(files.list(join(directory, "none")), { code: "ENOENT" });
      });
    },
  },
  {
    name: "appended bytes are in order, in a file of the owner's alone",
    async run({ files }) {
      await inDirectory(async (directory) => {
        const path = join(directory, "log");
        const log = await files.append(path);
        let expected = "";
        for (let i = 0; i < 1000; i++) {
          log.write(encode(`line ${i}\n`));
          expected += `line ${i}\n`;
        }
        await log.flush();
        assert.equal(decode(await files.read(path)), expected);
        assert.equal((await stat(path)).mode & 0o777, 0o600);
        await log.close();
        log.write(encode("after close"));
        await log.close();

        const again = await files.append(path);
        again.write(encode("more\n"));
        await again.close();
        assert.equal(decode(await files.read(path)), `${expected}more\n`);
        const below = await files.append(join(directory, "none", "below", "log"));
        below.write(encode("there\n"));
        await below.close();
        assert.equal(decode(await files.read(join(directory, "none/below/log"))), "there\n");
        await assert.rejects(files.append(join(path, "log")), { code: "ENOTDIR" });
      });
    },
  },
  {
    name: "files are renamed, compressed and removed",
    async run({ files }) {
      await inDirectory(async (directory) => {
        const at = (name: string) => join(directory, name);
        await writeFile(at("a"), "hello ".repeat(1000));
        await files.rename(at("a"), at("b"));
        await files.gzip(at("b"), at("b.gz"));
        assert.equal((await stat(at("b.gz"))).mode & 0o777, 0o600);
        assert.equal(gunzipSync(await readFile(at("b.gz"))).toString(), "hello ".repeat(1000));
        await files.remove(at("b"));
        assert.deepEqual(await files.list(directory), ["b.gz"]);
        for (const failing of [
          files.rename(at("none"), at("c")),
          files.remove(at("none")),
          files.gzip(at("none"), at("c")),
        ])
          await assert.rejects(failing, { code: "ENOENT" });
      });
    },
  },
  {
    name: "an open file follows its renaming, and a new one takes its place",
    async run({ files }) {
      await inDirectory(async (directory) => {
        const path = join(directory, "log");
        const first = await files.append(path);
        first.write(encode("one,"));
        await first.flush();
        await rename(path, join(directory, "log.1"));
        first.write(encode("two"));
        const second = await files.append(path);
        second.write(encode("three"));
        await Promise.all([first.close(), second.close()]);
        assert.equal(decode(await files.read(join(directory, "log.1"))), "one,two");
        assert.equal(decode(await files.read(path)), "three");
      });
    },
  },
  {
    name: "files are served from where they really are, and nothing else is",
    async run({ servedFiles }) {
      await inDirectory(async (directory) => {
        const at = (name: string) => join(directory, name);
        await writeFile(at("a"), "0123456789");
        await symlink("a", at("link"));
        await symlink("loop", at("loop"));
        for (const name of ["a", "link"]) {
          assert.equal(servedFiles.look(at(name)), "file");
          assert.equal(servedFiles.realPath(at(name)), await realpath(at("a")));
          const file = servedFiles.open(at(name))!;
          assert.deepEqual([file.path, file.size], [await realpath(at("a")), 10]);
          assert.equal(Math.floor(file.modified), Math.floor((await stat(at("a"))).mtimeMs));
          assert.equal(decode(file.readNow(2, 3)), "234");
          assert.equal(decode(await file.read(8, 30)), "89");
          assert.equal((await file.read(10, 5)).length, 0);
          const reading = file.read(0, 4);
          file.close();
          file.close();
          assert.equal(decode(await reading), "0123");
          await assert.rejects(file.read(0, 1));
        }
        assert.equal(servedFiles.look(directory), "directory");
        assert.equal(servedFiles.open(directory), undefined);
        for (const name of ["none", "a/b", "loop", "x".repeat(300)]) {
          assert.equal(servedFiles.look(at(name)), undefined);
          assert.equal(servedFiles.realPath(at(name)), undefined);
          assert.equal(servedFiles.open(at(name)), undefined);
        }
        assert.equal(servedFiles.look("/dev/null"), "other");
        assert.equal(servedFiles.open("/dev/null"), undefined);
      });
    },
  },
  {
    name: "a file that is put is whole, its owner's alone, and takes another one's place",
    async run({ files }) {
      await inDirectory(async (directory) => {
        const path = join(directory, "new/deep/file");
        await files.put(path, [encode("one,"), encode("two")]);
        assert.equal(decode(await files.read(path)), "one,two");
        assert.equal((await stat(path)).mode & 0o777, 0o600);
        assert.equal((await stat(join(directory, "new"))).mode & 0o777, 0o700);
        const large = new Uint8Array(3_000_000).fill(7);
        await files.put(path, [encode("x"), large]);
        assert.equal((await files.read(path)).length, 3_000_001);
        assert.deepEqual(await files.list(join(directory, "new/deep")), ["file"]);
        await assert.rejects(files.put(join(path, "below"), [encode("x")]));
      });
    },
  },
  {
    name: "a temporary file is read back, and has no name",
    async run({ files }) {
      const before = await readdir(tmpdir());
      const file = await files.temporary();
      const added = (await readdir(tmpdir())).filter((name) => !before.includes(name));
      assert.deepEqual(
        added.filter((name) => name.startsWith("sluice-spill-")),
        [],
      );
      const bytes = new Uint8Array(300_000).map((_, i) => i * 7);
      await file.write(bytes.slice(0, 100_000));
      await file.write(bytes.slice(100_000));
      assert.deepEqual(await file.read(99_990, 20), bytes.slice(99_990, 100_010));
      assert.deepEqual(await file.read(0, 300_000), bytes);
      assert.equal((await file.read(299_999, 10)).length, 1);
      assert.equal((await file.read(300_000, 10)).length, 0);
      await file.close();
      await assert.rejects(file.read(0, 1));
    },
  },
  {
    name: "a file that can't be written says so when it is flushed",
    async run({ files }) {
      // Linux' device that is always full.
      if ((await files.info("/dev/full")) === undefined) return;
      const full = await files.append("/dev/full");
      full.write(encode("x"));
      await assert.rejects(full.flush(), { code: "ENOSPC" });
      await full.flush();
      await full.close();
    },
  },
  {
    name: "a file is replaced as a whole, by rename or in place",
    async run({ durableFiles }) {
      await inDirectory(async (directory) => {
        const path = join(directory, "a");
        assert.equal(await durableFiles.mode(path), undefined);
        assert.equal(await durableFiles.create(path, encode("first")), true);
        assert.equal(await durableFiles.create(path, encode("other")), false);
        assert.equal(await durableFiles.mode(path), 0o600);
        await chmod(path, 0o640);
        await symlink("a", join(directory, "link"));
        const { ino } = await stat(path);
        assert.equal(await durableFiles.replace(join(directory, "link"), encode("2")), "replaced");
        assert.equal(await readFile(path, "utf8"), "2");
        assert.equal(await durableFiles.mode(path), 0o640);
        assert.notEqual((await stat(path)).ino, ino);
        await durableFiles.rename(path, join(directory, "b"));
        await durableFiles.remove(path);
        await durableFiles.remove(join(directory, "b"));
        await assert.rejects(durableFiles.replace(join(directory, "none", "a"), encode("")));
        await durableFiles.replace(path, encode("new"));
        assert.equal(await durableFiles.mode(path), 0o600);
        assert.deepEqual((await readdir(directory)).sort(), ["a", "link"]);
      });
    },
  },
  {
    name: "changes in a directory are noticed",
    async run({ files }) {
      await inDirectory(async (directory) => {
        let changes = 0;
        let wake = () => {};
        const stop = files.watch(directory, () => {
          changes++;
          wake();
        });
        const path = join(directory, "a");
        const steps: [string, () => Promise<unknown>][] = [
          ["creation", () => writeFile(path, "1")],
          ["writing", () => writeFile(path, "22")],
          ["renaming", () => rename(path, join(directory, "b"))],
          ["a link's replacement", () => replaceLink(directory)],
          ["removal", () => rm(join(directory, "b"))],
        ];
        for (const [what, step] of steps) {
          await settle();
          changes = 0;
          const noticed = new Promise<void>((resolve) => {
            wake = resolve;
          });
          await step();
          await within(`${what} to be noticed`, noticed);
        }
        await settle();
        stop();
        stop();
        changes = 0;
        await writeFile(path, "3");
        await settle();
        assert.equal(changes, 0);
        assert.throws(() => files.watch(join(directory, "none"), () => {}));
      });
    },
  },
  {
    name: "a watched directory may vanish",
    async run({ files }) {
      await inDirectory(async (directory) => {
        const sub = join(directory, "sub");
        await mkdir(sub);
        const { promise, resolve } = Promise.withResolvers<void>();
        const stop = files.watch(sub, resolve);
        await settle();
        await rm(sub, { recursive: true });
        await within("the directory's end to be noticed", promise);
        stop();
      });
    },
  },
  {
    name: "signals reach who asked for them, until they don't want them any more",
    async run(runtime) {
      for (const signal of ["SIGHUP", "SIGUSR1", "SIGTERM", "SIGINT"] as const) {
        const heard: string[] = [];
        let wake = () => {};
        const stopFirst = runtime.onSignal(signal, () => heard.push("first"));
        const stopSecond = runtime.onSignal(signal, () => {
          heard.push("second");
          wake();
        });
        for (const expected of [["first", "second"], ["second"]]) {
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          process.kill(runtime.pid, signal);
          await within(signal, promise);
          assert.deepEqual(heard.splice(0), expected);
          stopFirst();
        }
        stopSecond();
      }
    },
  },
  {
    name: "a module is loaded afresh where its version is new",
    async run(runtime) {
      await inDirectory(async (directory) => {
        const path = join(directory, "module with space.ts");
        const load = async (version: string) =>
          (await runtime.importModule(path, version)).default as number;
        await writeFile(path, "export default 1 as number;");
        assert.equal(await load("1"), 1);
        await writeFile(path, "export default 2 as number;");
        assert.equal(await load("1"), 1);
        assert.equal(await load("a&b 2"), 2);
        await assert.rejects(runtime.importModule(join(directory, "none.ts"), "1"));
      });
    },
  },
  {
    name: "the runtime says what it is and where",
    async run(runtime) {
      assert.match(runtime.name, /^(bun|deno)$/);
      assert.match(runtime.version, /^[0-9]+\.[0-9]+\.[0-9]+/);
      assert.equal(runtime.pid, process.pid);
      assert.equal(runtime.cwd, process.cwd());
      assert.deepEqual(runtime.args, ["one argument", "--two"]);
      assert.equal(runtime.env["SLUICE_CONFORMANCE"], "yes");
      assert.equal(runtime.env["SLUICE_NO_SUCH_VARIABLE"], undefined);
      assert.ok(runtime.hostname().length > 0);
      runtime.stderr.write(new Uint8Array(0));
      await Promise.all([runtime.stdout.flush(), runtime.stderr.flush()]);
    },
  },
];

/** Runs with a directory of its own, which is gone afterwards. */
async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-conformance-"));
  try {
    await chmod(directory, 0o700);
    await run(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** As Kubernetes does it with a mounted ConfigMap. */
async function replaceLink(directory: string): Promise<void> {
  await symlink("b", join(directory, "..data_tmp"));
  await rename(join(directory, "..data_tmp"), join(directory, "..data"));
}
