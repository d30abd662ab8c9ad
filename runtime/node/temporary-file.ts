import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TemporaryFile } from "../../src/net/runtime.ts";

/** `Files.temporary`: the name goes before the first byte comes, so that no end of the process leaves a file. */
export async function openTemporary(): Promise<TemporaryFile> {
  const path = join(tmpdir(), `sluice-spill-${crypto.randomUUID()}`);
  // "x" refuses a name that is there already: another user's trap.
  const handle = await open(path, "wx+", 0o600);
  try {
    await unlink(path);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return new OpenTemporary(handle);
}

class OpenTemporary implements TemporaryFile {
  private readonly handle: FileHandle;
  private size = 0;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.handle.write(bytes, at, bytes.length - at, this.size);
      at += bytesWritten;
      this.size += bytesWritten;
    }
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - position)));
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await this.handle.read(bytes, at, bytes.length - at, position + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
