import { ProxyError } from "../../core/errors.ts";
import type { ServedFile } from "../../net/host/served-files.ts";
import { Body, type BodySource } from "../body.ts";

/** Bytes that are read at a time; as many are held for a reader that takes none. */
export const PIECE = 256 * 1024;
/** So many are read before the body is made: most files are no longer, and need no thread. */
export const AT_ONCE = 64 * 1024;

/** `file`'s bytes from `start` up to `end`. */
export interface FilePart {
  readonly start: number;
  readonly end: number;
}

/**
 * A body of parts of a file and of bytes between them. What is longer than one piece is read as the reader
 * takes it; the file is closed behind the last byte, and where the reader gives up. Where the file has become
 * shorter meanwhile, the body breaks off. Throws a ProxyError where that shows at once.
 */
export function fileBody(file: ServedFile, parts: readonly (FilePart | Uint8Array)[]): Body {
  let length = 0;
  for (const part of parts)
    length += part instanceof Uint8Array ? part.length : part.end - part.start;
  const source = new FileSource(file, parts);
  const body = new Body(source, length);
  source.body = body;
  source.begin();
  return body;
}

class FileSource implements BodySource {
  body!: Body;
  private readonly file: ServedFile;
  private readonly parts: readonly (FilePart | Uint8Array)[];
  private next = 0;
  /** Where in the file the part goes on that is under way; -1 before its first byte. */
  private position = -1;
  private paused = true;
  private reading = false;
  private over = false;
  private last: Uint8Array | null = null;

  constructor(file: ServedFile, parts: readonly (FilePart | Uint8Array)[]) {
    this.file = file;
    this.parts = parts;
  }

  /** Gives the body what needs no thread. */
  begin(): void {
    let room = AT_ONCE;
    try {
      for (;;) {
        const part = this.parts[this.next];
        if (part === undefined) {
          this.end();
          return;
        }
        if (part instanceof Uint8Array) {
          this.push(part);
          this.next++;
          continue;
        }
        const [from, count] = this.nextPiece(part, room);
        if (count === 0) return;
        room -= count;
        this.give(part, this.file.readNow(from, count), count);
      }
    } catch (error) {
      this.over = true;
      this.file.close();
      throw error;
    }
  }

  startBody(): void {
    this.resumeBody();
  }

  pauseBody(): void {
    this.paused = true;
  }

  resumeBody(): void {
    this.paused = false;
    if (!this.reading && !this.over) void this.read();
  }

  cancelBody(): void {
    this.over = true;
    this.file.close();
  }

  private async read(): Promise<void> {
    this.reading = true;
    try {
      while (!this.paused && !this.over) {
        const part = this.parts[this.next];
        if (part === undefined) {
          this.end();
        } else if (part instanceof Uint8Array) {
          this.next++;
          this.push(part);
        } else {
          const [from, count] = this.nextPiece(part, PIECE);
          const bytes = await this.file.read(from, count, this.free());
          if (this.over) break;
          this.give(part, bytes, count);
          this.body.flush();
          this.last = bytes;
        }
      }
    } catch (cause) {
      this.over = true;
      this.file.close();
      this.body.fail(
        cause instanceof ProxyError
          ? cause
          : new ProxyError("handler-failed", "internal", "The file can't be read", { cause }),
      );
    }
    this.reading = false;
  }

  /** The last piece's array, where nothing has a part of it any more. */
  private free(): Uint8Array | undefined {
    const { last, body } = this;
    return last !== null && body.released ? last : undefined;
  }

  /** Where the part goes on, and how many bytes of it are wanted now. */
  private nextPiece(part: FilePart, most: number): [from: number, count: number] {
    const from = this.position < 0 ? part.start : this.position;
    return [from, Math.min(most, part.end - from)];
  }

  private give(part: FilePart, bytes: Uint8Array, wanted: number): void {
    if (bytes.length < wanted)
      throw new ProxyError("handler-failed", "internal", "The file became shorter on its way");
    const to = (this.position < 0 ? part.start : this.position) + wanted;
    const last = to === part.end;
    this.position = last ? -1 : to;
    if (last) this.next++;
    // Closed before a slow reader has the end.
    const done = this.next === this.parts.length;
    if (done) this.file.close();
    this.push(bytes);
    if (done) this.end();
  }

  private push(bytes: Uint8Array): void {
    this.last = null;
    if (bytes.length > 0) this.body.push(bytes, 0, bytes.length);
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.file.close();
    this.body.finish();
  }
}
