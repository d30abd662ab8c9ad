import { messageOf } from "../core/errors.ts";
import type { AppendFile, Files } from "../net/runtime.ts";

/** When a log file is put aside, and what becomes of those that were. 0 is no limit but for the size. */
export interface Rotation {
  /** Megabytes (2^20 bytes); 0 for 100. */
  readonly maxSize: number;
  /** Days that an old file is kept. */
  readonly maxAge: number;
  /** Old files that are kept. */
  readonly maxBackups: number;
}

export type RotationFiles = Pick<Files, "info" | "list" | "append" | "rename" | "remove" | "gzip">;

const DEFAULT_SIZE = 100;
const MEGABYTE = 1024 * 1024;
const DAY = 24 * 60 * 60 * 1000;
/** `-2006-01-02T15-04-05.000`, before the extension. */
const STAMP = /^-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3})$/;

/**
 * A log file that is put aside when it has grown to its size, under a name with the time, and then
 * compressed; older ones are removed. What goes wrong with that costs no line. Names and limits are those of
 * the library that Traefik uses (lumberjack).
 */
export class RotatingLogFile implements AppendFile {
  onTrouble: ((error: unknown) => void) | null = null;
  private readonly files: RotationFiles;
  private readonly path: string;
  private readonly rotation: Rotation;
  private readonly limit: number;
  private file: AppendFile;
  private size: number;
  /** What comes while the file is being changed. */
  private held: Uint8Array[] | null = null;
  private rotating: Promise<void> = Promise.resolve();
  private cleaning: Promise<void> = Promise.resolve();

  /** Rejects where the file can't be opened. */
  static async open(files: RotationFiles, path: string, rotation: Rotation): Promise<AppendFile> {
    const size = (await files.info(path))?.size ?? 0;
    return new RotatingLogFile(files, path, rotation, await files.append(path), size);
  }

  private constructor(
    files: RotationFiles,
    path: string,
    rotation: Rotation,
    file: AppendFile,
    size: number,
  ) {
    this.files = files;
    this.path = path;
    this.rotation = rotation;
    this.limit = (rotation.maxSize || DEFAULT_SIZE) * MEGABYTE;
    this.file = file;
    this.size = size;
    this.watch();
    this.clean();
  }

  write(bytes: Uint8Array): void {
    if (this.held !== null) {
      this.held.push(bytes);
      return;
    }
    if (this.size > 0 && this.size + bytes.length > this.limit) {
      this.held = [bytes];
      this.rotating = this.rotate();
      return;
    }
    this.size += bytes.length;
    this.file.write(bytes);
  }

  writeNow(bytes: Uint8Array, length: number): void {
    this.write(bytes.slice(0, length));
  }

  async flush(): Promise<void> {
    await this.rotating;
    await this.file.flush();
  }

  async close(): Promise<void> {
    await this.rotating;
    await this.file.close();
    await this.cleaning;
  }

  private watch(): void {
    this.file.onTrouble = (error) => this.onTrouble?.(error);
  }

  private async rotate(): Promise<void> {
    try {
      await this.file.close();
    } catch {
      // What could not be written has been said.
    }
    try {
      await this.files.rename(this.path, this.aside());
      this.clean();
    } catch (error) {
      this.onTrouble?.(new Error(`the log file can't be put aside: ${messageOf(error)}`));
    }
    try {
      this.file = await this.files.append(this.path);
      this.watch();
    } catch (error) {
      this.onTrouble?.(error);
    }
    // Where it could not be put aside, it grows by as much again before that is tried again.
    this.size = 0;
    const held = this.held ?? [];
    this.held = null;
    for (const bytes of held) this.write(bytes);
  }

  /** Names apart: directory, what is before the stamp, and behind it. */
  private get parts(): { directory: string; prefix: string; extension: string } {
    const slash = this.path.lastIndexOf("/");
    const name = this.path.slice(slash + 1);
    const dot = name.lastIndexOf(".");
    return {
      directory: slash < 0 ? "." : slash === 0 ? "/" : this.path.slice(0, slash),
      prefix: dot < 0 ? name : name.slice(0, dot),
      extension: dot < 0 ? "" : name.slice(dot),
    };
  }

  private aside(): string {
    const { directory, prefix, extension } = this.parts;
    const stamp = new Date().toISOString().slice(0, 23).replaceAll(":", "-");
    return `${directory}/${prefix}-${stamp}${extension}`;
  }

  /** Compresses what was put aside and removes what is too old or too much, one time after the other. */
  private clean(): void {
    this.cleaning = this.cleaning
      .then(() => this.cleanNow())
      .catch((error: unknown) =>
        this.onTrouble?.(new Error(`old log files can't be looked after: ${messageOf(error)}`)),
      );
  }

  private async cleanNow(): Promise<void> {
    const { directory, prefix, extension } = this.parts;
    const { maxAge, maxBackups } = this.rotation;
    const old: { path: string; time: number; compressed: boolean }[] = [];
    for (const name of await this.files.list(directory)) {
      const compressed = name.endsWith(".gz");
      const plain = compressed ? name.slice(0, -3) : name;
      if (!plain.startsWith(prefix) || !plain.endsWith(extension)) continue;
      const stamp = STAMP.exec(plain.slice(prefix.length, plain.length - extension.length))?.[1];
      if (stamp === undefined) continue;
      const time = Date.parse(`${stamp.replace(/T(\d\d)-(\d\d)-/, "T$1:$2:")}Z`);
      old.push({ path: `${directory}/${name}`, time, compressed });
    }
    old.sort((a, b) => b.time - a.time);
    for (const [i, { path, time, compressed }] of old.entries()) {
      if ((maxBackups > 0 && i >= maxBackups) || (maxAge > 0 && time < Date.now() - maxAge * DAY)) {
        await this.files.remove(path);
      } else if (!compressed) {
        await this.files.gzip(path, `${path}.gz`);
        await this.files.remove(path);
      }
    }
  }
}
