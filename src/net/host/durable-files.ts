/** Files whose content must never be lost, and which others may look at and change too. */
export interface DurableFiles {
  /**
   * The whole file, as `replace` wrote it last; `interrupted` where a crash left more than that in it.
   * Throws an Error with `code` "ENOENT" where there is none.
   */
  read(path: string): Promise<{ readonly content: Uint8Array; readonly interrupted: boolean }>;
  /**
   * Puts other content in a file's place, or makes the file (mode 0600): a crash at any moment leaves
   * the old content or the new, and what it resolves with is on the disk. "in place" where no other
   * file could take its place (it is a mount by itself, or its directory can't be written to): until it
   * is over, others than `read` may find a mixture, and no line of the content may begin with "#".
   * Follows symbolic links; keeps mode and owner.
   */
  replace(path: string, content: Uint8Array): Promise<"replaced" | "in place">;
  /** Makes a file with mode 0600. False where there is one already. */
  create(path: string, content: Uint8Array): Promise<boolean>;
  /** Gives a file another name, in place of what has that name. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; it may be gone already. */
  remove(path: string): Promise<void>;
  /** The permission bits of a file, such as 0o600; undefined where there is none. Follows symbolic links. */
  mode(path: string): Promise<number | undefined>;
}
