import { createReadStream, createWriteStream, statSync, watch } from "node:fs";
import { mkdir, open as openFile, readdir, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Files } from "../../src/net/runtime.ts";
import { openAppend } from "./append-file.ts";
import { plain } from "./plain-bytes.ts";
import { codeOf } from "./system-error.ts";
import { openTemporary } from "./temporary-file.ts";

/** Files by way of `node:fs`, which both runtimes have. */
export const nodeFiles: Files = {
  read: async (path) => plain(await readFile(path)),

  async info(path) {
    try {
      const found = await stat(path);
      return {
        isFile: found.isFile(),
        isDirectory: found.isDirectory(),
        size: found.size,
        modified: found.mtimeMs,
        identity: `${found.dev}:${found.ino}`,
      };
    } catch (error) {
      const code = codeOf(error);
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw error;
    }
  },

  async list(path) {
    return (await readdir(path)).sort();
  },

  append: openAppend,

  rename,
  remove: unlink,

  async gzip(from, to) {
    // Hardly ever needed, and dear to load.
    const { createGzip } = await import("node:zlib");
    await pipeline(createReadStream(from), createGzip(), createWriteStream(to, { mode: 0o600 }));
  },

  temporary: openTemporary,

  async put(path, parts) {
    const unfinished = `${path}.${crypto.randomUUID()}.new`;
    const open = () => openFile(unfinished, "wx", 0o600);
    const file = await open().catch(async (error: unknown) => {
      if (codeOf(error) !== "ENOENT") throw error;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      return open();
    });
    try {
      try {
        for (const part of parts) {
          for (let at = 0; at < part.length; )
            at += (await file.write(part, at, part.length - at)).bytesWritten;
        }
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await unlink(unfinished).catch(() => {});
      throw error;
    }
  },

  watch(directory, changed) {
    // Deno would watch what isn't there, in silence.
    statSync(directory);
    let stopped = false;
    const watcher = watch(directory, () => {
      if (!stopped) changed();
    });
    // Most likely the directory is gone. The callback's look will show it.
    watcher.on("error", () => {
      if (!stopped) changed();
    });
    return () => {
      stopped = true;
      watcher.close();
    };
  },
};
