/**
 * Files as a web server hands them out. Looking, opening and `readNow` hold up the loop for as long as the
 * disk takes, as in other servers that have one: a thread for each would cost ten times what they do.
 */
export interface ServedFiles {
  /** What is at that path, behind symbolic links: undefined for nothing. Throws the system's error for anything else. */
  look(path: string): "file" | "directory" | "other" | undefined;
  /** The path that one leads to, without symbolic links. Undefined where there is nothing; throws as `look` does. */
  realPath(path: string): string | undefined;
  /**
   * Opens a regular file for reading. Waits for no writer where it is a fifo. Undefined where there is nothing,
   * or something else than a regular file. Throws the system's error, EACCES or EMFILE for example.
   */
  open(path: string): ServedFile | undefined;
}

/** A file that is open for reading. */
export interface ServedFile {
  /** Where it really is: what was opened, and not what may be at its path by now. */
  readonly path: string;
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Milliseconds since the epoch, as exactly as the system has them. */
  readonly modified: number;
  /**
   * Up to `length` bytes from `position` on; fewer only at the end. They are in `room` where that is given and
   * long enough: what is returned is a part of it. Throws the system's error.
   */
  readNow(position: number, length: number, room?: Uint8Array): Uint8Array;
  /** The same in a thread. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Behind what is being read. Harmless a second time. */
  close(): void;
}
