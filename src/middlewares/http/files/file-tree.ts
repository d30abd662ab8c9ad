import type { Coding } from "../../../core/codecs.ts";
import type { ServedFile, ServedFiles } from "../../../net/host/served-files.ts";
import { acceptedCoding } from "../compress/accept-encoding.ts";

/** What a path below the root leads to. */
export type Found =
  /** A file, by its path below the root. */
  | { readonly file: string }
  /** A directory with an index, asked for without the slash at its end. */
  | "directory"
  /** Nothing that is served. */
  | null;

/** A file that is open, and its coding: null where it is as it is. */
export interface Opened {
  readonly file: ServedFile;
  readonly coding: Coding | null;
}

const EXTENSIONS: Readonly<Record<Coding, string>> = { br: ".br", zstd: ".zst", gzip: ".gz" };

export interface FileTreeOptions {
  /** Absolute, without a slash at its end. */
  readonly root: string;
  readonly index: readonly string[];
  readonly precompressed: readonly Coding[];
  /** Links may lead out of the root. */
  readonly outsideLinks: boolean;
}

/** The files below a root. Paths given to it are those of `filePath`, in which nothing climbs. */
export class FileTree {
  private readonly files: ServedFiles;
  private readonly options: FileTreeOptions;
  /** The root without symbolic links, with a slash at its end. */
  private realRoot: string;

  constructor(files: ServedFiles, options: FileTreeOptions) {
    this.files = files;
    this.options = options;
    this.realRoot = this.findRoot();
  }

  /** Throws the system's error where it may not be looked at. */
  find(path: string): Found {
    const { files, options } = this;
    if (path.endsWith("/")) {
      const file = this.indexOf(path);
      return file === null ? null : { file };
    }
    const kind = files.look(options.root + path);
    if (kind === "file") return { file: path };
    if (kind !== "directory" || this.indexOf(`${path}/`) === null) return null;
    const real = files.realPath(options.root + path);
    return real !== undefined && this.isInside(real) ? "directory" : null;
  }

  /** Opens a file that was found, or what stands beside it in a coding that the client takes. Null where it may not be served. */
  open(path: string, accepted: string | null): Opened | null {
    let codings = accepted === null ? NONE : this.options.precompressed;
    while (codings.length > 0) {
      const coding = acceptedCoding(accepted!, codings, undefined);
      if (coding === null) break;
      const beside = path + EXTENSIONS[coding];
      const file = this.isFile(beside) ? this.openInside(beside) : null;
      if (file !== null) return { file, coding };
      codings = codings.filter((other) => other !== coding);
    }
    const file = this.openInside(path);
    return file === null ? null : { file, coding: null };
  }

  /** To be asked before: opening is more than a look, which fifos and devices notice. */
  private isFile(path: string): boolean {
    return this.files.look(this.options.root + path) === "file";
  }

  private openInside(path: string): ServedFile | null {
    const file = this.files.open(this.options.root + path);
    if (file === undefined) return null;
    if (this.isInside(file.path)) return file;
    file.close();
    return null;
  }

  private indexOf(directory: string): string | null {
    for (const name of this.options.index)
      if (this.isFile(directory + name)) return directory + name;
    return null;
  }

  private isInside(real: string): boolean {
    if (this.options.outsideLinks || real.startsWith(this.realRoot)) return true;
    // The root may be a link that leads elsewhere now: to the next release.
    this.realRoot = this.findRoot();
    return real.startsWith(this.realRoot);
  }

  /** What is no root has nothing inside. */
  private findRoot(): string {
    const real = this.files.realPath(this.options.root === "" ? "/" : this.options.root);
    return real === undefined ? "\0" : real.endsWith("/") ? real : `${real}/`;
  }
}

const NONE: readonly Coding[] = [];
