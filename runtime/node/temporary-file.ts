import { close, constants, openSync, read, unlinkSync, write } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { TemporaryFile } from "../../src/net/runtime.ts";

/** Linux' flag for a file that never has a name (open(2)); Node has no constant of it. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** What open(2) says where the kernel, the file system or the runtime (Deno) has no such files. */
const WITHOUT_UNNAMED_FILES = new Set(["EINVAL", "EISDIR", "EOPNOTSUPP", "ENOTSUP"]);

const closeFile = promisify(close);
const readFrom = promisify(read);
const writeTo = promisify(write);

/** `Files.temporary`: the file has no name, so that no end of the process leaves one. */
export async function openTemporary(): Promise<TemporaryFile> {
  return new OpenTemporary(openUnnamed() ?? openAndUnlink());
}

function openUnnamed(): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return openSync(tmpdir(), O_TMPFILE | constants.O_RDWR | constants.O_EXCL, 0o600);
  } catch (error) {
    if (WITHOUT_UNNAMED_FILES.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/**
 * The name is there between two system calls, for which the loop waits: a process that is killed
 * just there leaves an empty file.
 */
function openAndUnlink(): number {
  const path = join(tmpdir(), `sluice-spill-${crypto.randomUUID()}`);
  // "x" refuses a name that is there already: another user's trap.
  const descriptor = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  return descriptor;
}

class OpenTemporary implements TemporaryFile {
  private readonly descriptor: number;
  /** Reads and writes under way. */
  private readonly working = new Set<Promise<unknown>>();
  private closed = false;
  private size = 0;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.length - at;
      const { bytesWritten } = await this.work((file) =>
        writeTo(file, bytes, at, length, this.size),
      );
      at += bytesWritten;
      this.size += bytesWritten;
    }
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - position)));
    let at = 0;
    do {
      const { bytesRead } = await this.work((file) =>
        readFrom(file, bytes, at, bytes.length - at, position + at),
      );
      if (bytesRead === 0) break;
      at += bytesRead;
    } while (at < bytes.length);
    return bytes.subarray(0, at);
  }

  /** Waits for what is under way: the descriptor may be another file's afterwards. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.allSettled(this.working);
    await closeFile(this.descriptor);
  }

  private async work<T>(task: (descriptor: number) => Promise<T>): Promise<T> {
    if (this.closed) throw new Error("the temporary file is closed");
    const working = task(this.descriptor);
    this.working.add(working);
    try {
      return await working;
    } finally {
      this.working.delete(working);
    }
  }
}
