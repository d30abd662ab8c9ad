import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/**
 * Files that no other file can take the place of: their new content is put behind the old one first,
 * with a mark and a digest, and only then over it. A reader who finds both takes the new one where it
 * is all there, else the old one. The content must not have a line that begins with "#".
 */

const MARK = "\n#sluice-new ";
const LONGEST_MARK = 128;
const LINE_END = 0x0a;
const HASH = 0x23;
const ENCODER = new TextEncoder();

/** Writes other content over a file's. A crash at any moment leaves what `recovered` finds one of the two in. */
export async function overwrite(target: string, content: Uint8Array): Promise<void> {
  const file = await open(target, "r+");
  try {
    const { size } = await file.stat();
    const mark = ENCODER.encode(`${MARK}${content.length} ${digestOf(content)}\n`);
    const tail = Math.max(size, content.length);
    const behind = new Uint8Array(tail - size + mark.length + content.length).fill(0x0a);
    behind.set(mark, tail - size);
    behind.set(content, tail - size + mark.length);
    const write = async (bytes: Uint8Array, position: number) => {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
        at += bytesWritten;
      }
      await file.sync();
    };
    await write(behind, size);
    await write(content, 0);
    await file.truncate(content.length);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The content of a file that `overwrite` may have been killed in, more than once. */
export function recovered(bytes: Uint8Array): Uint8Array {
  let first = -1;
  let whole: Uint8Array | undefined;
  for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) {
    if (bytes[at + 1] !== HASH) continue;
    if (first < 0) first = at;
    whole = contentAt(bytes, at) ?? whole;
  }
  return whole ?? (first < 0 ? bytes : bytes.subarray(0, first));
}

/** What a mark announces, where it is all there. */
function contentAt(bytes: Uint8Array, at: number): Uint8Array | undefined {
  const head = new TextDecoder().decode(bytes.subarray(at, at + LONGEST_MARK));
  const found = /^\n#sluice-new (\d{1,15}) ([0-9a-f]{64})\n/.exec(head);
  if (found === null) return undefined;
  const [mark, length, digest] = found;
  const start = at + mark.length;
  const content = bytes.subarray(start, start + Number(length));
  const isWhole = content.length === Number(length) && digestOf(content) === digest;
  return isWhole ? content : undefined;
}

function digestOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
