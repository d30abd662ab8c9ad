import { messageOf } from "../core/errors.ts";
import type { Files, Stop } from "../net/runtime.ts";

export interface FileWatchOptions {
  readonly files: Files;
  /** Called after some watched file became another one, once for changes that come together. */
  readonly changed: () => void;
  /** A directory can't be watched. */
  readonly failed: (directory: string, message: string) => void;
  /** Changes within so many milliseconds are one: a certificate and its key are two files. */
  readonly settle?: number;
}

/**
 * Watches single files by way of their directories, so that a replacement by rename, or of a symbolic
 * link on the way, is seen like a change in place.
 */
export class FileWatch {
  private readonly options: FileWatchOptions;
  /** By path: when it was changed last and how long it is; "" where it isn't there. */
  private seen = new Map<string, string>();
  private readonly stops = new Map<string, Stop>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(options: FileWatchOptions) {
    this.options = options;
  }

  /** Watches these files, absolute or relative to the working directory, and no others. */
  async watch(paths: readonly string[]): Promise<void> {
    const seen = new Map<string, string>();
    for (const path of paths) seen.set(path, await this.stamp(path));
    if (this.stopped) return;
    this.seen = seen;
    const directories = new Set(paths.map(directoryOf));
    for (const [directory, stop] of this.stops) {
      if (directories.has(directory)) continue;
      stop();
      this.stops.delete(directory);
    }
    for (const directory of directories) {
      if (this.stops.has(directory)) continue;
      try {
        this.stops.set(
          directory,
          this.options.files.watch(directory, () => this.schedule()),
        );
      } catch (error) {
        this.options.failed(directory, messageOf(error));
      }
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const stop of this.stops.values()) stop();
    this.stops.clear();
  }

  private schedule(): void {
    if (this.timer !== undefined || this.stopped) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.look();
    }, this.options.settle ?? 200);
  }

  private async look(): Promise<void> {
    let changed = false;
    for (const [path, before] of this.seen) {
      const now = await this.stamp(path);
      if (now === before) continue;
      changed = true;
      this.seen.set(path, now);
    }
    if (changed && !this.stopped) this.options.changed();
  }

  private async stamp(path: string): Promise<string> {
    try {
      const info = await this.options.files.info(path);
      return info === undefined ? "" : `${info.modified} ${info.size}`;
    } catch (error) {
      return messageOf(error);
    }
  }
}

function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}
