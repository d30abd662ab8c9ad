import { ProxyError } from "../../core/errors.ts";
import type { ServedFile } from "../../net/host/served-files.ts";
import { Body, type BodySource } from "../body.ts";

/** Bytes that are read at a time; as many are held for a reader that takes none. */
export const PIECE = 64 * 1024;
/** So many are read before the body is made: most files are no longer. */
export const AT_ONCE = PIECE;
/** What the system has in memory comes faster. A file that took so many milliseconds is read by threads from then on. */
const SLOW = 2;
/** Pieces for one reader before others get their turn. */
const MOST_AT_A_TIME = 16;

/** For what is read and sent on at once. */
let scratch: Uint8Array | null = null;

/** `file`'s bytes from `start` up to `end`. */
export interface FilePart {
  readonly start: number;
  readonly end: number;
}

/**
 * A body of parts of a file and of bytes between them. What is longer than one piece is read as the reader
 * takes it, by threads where the disk is slow; the file is closed behind the last byte, and where the reader gives up. Where the file has become
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
  /** Its disk takes its time. */
  private isSlow = false;

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
      for (let count = 1; !this.paused && !this.over; count++) {
        const part = this.parts[this.next];
        if (part === undefined) {
          this.end();
        } else if (part instanceof Uint8Array) {
          this.next++;
          this.push(part);
        } else {
          const [from, wanted] = this.nextPiece(part, PIECE);
          // Others get their turn.
          if (this.isSlow || count % MOST_AT_A_TIME === 0) {
            const bytes = await this.file.read(from, wanted);
            if (this.over) break;
            this.give(part, bytes, wanted);
          } else {
            this.readHere(part, from, wanted);
          }
          this.body.flush();
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

  /** Into the one array that all use, which stays in the processor's cache. A sink that keeps bytes keeps the array. */
  private readHere(part: FilePart, from: number, wanted: number): void {
    const room = scratch ?? new Uint8Array(PIECE);
    scratch = null;
    const before = performance.now();
    const bytes = this.file.readNow(from, wanted, room);
    this.isSlow = performance.now() - before > SLOW;
    this.give(part, bytes, wanted);
    if (this.body.released) scratch = room;
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
    if (bytes.length > 0) this.body.push(bytes, 0, bytes.length);
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.file.close();
    this.body.finish();
  }
}
