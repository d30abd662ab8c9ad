import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  read,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import process from "node:process";
import type { ServedFile, ServedFiles } from "../../../src/net/host/served-files.ts";
import { codeOf } from "../system-error.ts";

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
const FLAGS = O_RDONLY | (O_NONBLOCK ?? 0) | (O_NOCTTY ?? 0);

/** What the system says where a path leads nowhere. */
const NOTHING = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

/** `ServedFiles` by way of `node:fs`, which both runtimes have. */
export const servedFiles: ServedFiles = {
  look: (path) =>
    unlessNothing(() => {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) return undefined;
      return found.isFile() ? "file" : found.isDirectory() ? "directory" : "other";
    }),
  realPath: (path) => unlessNothing(() => realpathSync.native(path)),
  open: (path) =>
    unlessNothing(() => {
      const descriptor = openSync(path, FLAGS);
      try {
        const found = fstatSync(descriptor);
        if (found.isFile())
          return new OpenFile(descriptor, found.size, found.mtimeMs, pathOf(descriptor, path));
      } catch (error) {
        closeSync(descriptor);
        throw error;
      }
      closeSync(descriptor);
      return undefined;
    }),
};

function unlessNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (NOTHING.has(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** Where the open file is: the kernel's word where it gives one, else the path's if that is the same file still. */
function pathOf(descriptor: number, path: string): string {
  if (process.platform === "linux") return readlinkSync(`/proc/self/fd/${descriptor}`);
  const real = realpathSync.native(path);
  const [opened, there] = [fstatSync(descriptor), statSync(real)];
  if (opened.dev !== there.dev || opened.ino !== there.ino)
    throw Object.assign(new Error(`${path} became another file while it was opened`), {
      code: "ENOENT",
    });
  return real;
}

class OpenFile implements ServedFile {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  private readonly descriptor: number;
  private reading = 0;
  private closed = false;

  constructor(descriptor: number, size: number, modified: number, path: string) {
    this.descriptor = descriptor;
    this.size = size;
    this.modified = modified;
    this.path = path;
  }

  readNow(position: number, length: number, room?: Uint8Array): Uint8Array {
    const bytes = room !== undefined && room.length >= length ? room : new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const count = readSync(this.descriptor, bytes, at, length - at, position + at);
      if (count === 0) break;
      at += count;
    }
    return at === bytes.length ? bytes : bytes.subarray(0, at);
  }

  read(position: number, length: number): Promise<Uint8Array> {
    if (this.closed) return Promise.reject(new Error("the file is closed"));
    const bytes = new Uint8Array(length);
    this.reading++;
    return new Promise((resolve, reject) => {
      const go = (at: number): void => {
        read(this.descriptor, bytes, at, length - at, position + at, (error, count) => {
          if (error === null && count > 0 && at + count < length) {
            go(at + count);
            return;
          }
          this.reading--;
          if (this.closed) this.closeNow();
          if (error === null) resolve(bytes.subarray(0, at + count));
          else reject(error);
        });
      };
      go(0);
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.closeNow();
  }

  /** Not while a thread reads: the descriptor may be another file's by then. */
  private closeNow(): void {
    if (this.reading > 0) return;
    closeSync(this.descriptor);
  }
}
