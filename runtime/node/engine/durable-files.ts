import { type FileHandle, open, readFile, realpath, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { DurableFiles } from "../../../src/net/host/durable-files.ts";
import { plain } from "../plain-bytes.ts";
import { codeOf } from "../system-error.ts";
import { overwrite, recovered } from "./in-place-file.ts";

const OWNER_ONLY = 0o600;

/** What a system says where no file can be put beside another one, or in its place. */
const NOT_REPLACEABLE = ["EACCES", "EPERM", "EROFS", "EBUSY", "EXDEV"];

/** By way of `node:fs`, which both runtimes have. */
export const durableFiles: DurableFiles = {
  async read(path) {
    const bytes = plain(await readFile(path));
    const content = recovered(bytes);
    return { content, interrupted: content !== bytes };
  },

  async replace(path, content) {
    const target = await realpath(path).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return path;
      throw error;
    });
    try {
      await replaceByRename(target, content);
      return "replaced";
    } catch (error) {
      if (!NOT_REPLACEABLE.includes(codeOf(error) ?? "")) throw error;
      await overwrite(target, content);
      return "in place";
    }
  },

  async create(path, content) {
    let file: FileHandle;
    try {
      file = await open(path, "wx", OWNER_ONLY);
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    }
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  },

  rename: (from, to) => rename(from, to),

  async remove(path) {
    try {
      await unlink(path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  },

  async mode(path) {
    const found = await infoOf(path);
    return found && found.mode & 0o777;
  },
};

async function infoOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function replaceByRename(target: string, content: Uint8Array): Promise<void> {
  const old = await infoOf(target);
  const temporary = `${target}.${crypto.randomUUID()}.new`;
  const file = await open(temporary, "wx", OWNER_ONLY);
  try {
    try {
      await file.writeFile(content);
      if (old !== undefined) {
        await file.chmod(old.mode & 0o777);
        // Who may not give files away wrote the old one too, or else finds no better owner.
        await file.chown(old.uid, old.gid).catch(() => {});
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  // The new name is on the disk when its directory is.
  const directory = await open(dirname(target), "r");
  try {
    await directory.sync();
  } catch (error) {
    // Some file systems have nothing to do here and say so.
    if (codeOf(error) !== "EINVAL") throw error;
  } finally {
    await directory.close();
  }
}
