import type { DurableFiles } from "../../net/host/durable-files.ts";
import type { Files } from "../../net/runtime.ts";

export interface FileLockOptions {
  readonly path: string;
  readonly files: Pick<Files, "read" | "info">;
  readonly durableFiles: DurableFiles;
  readonly host: string;
  readonly pid: number;
  /** Between two signs of life, in milliseconds. */
  readonly beat?: number;
}

const BEAT = 10_000;
/** A holder that has given no sign of life for so many beats has none. */
const PATIENCE = 3;
/** Who takes a dead holder's place looks again after so long whether another one did the same. Milliseconds. */
const SECOND_LOOK = 250;

interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly id: string;
  readonly beat: number;
}

/**
 * A lock that one process has, in a file beside what it locks. It lasts while its holder gives signs
 * of life; that of a process that has ended on the same machine is taken over at once. It keeps two
 * processes from doing the same work, not more: who writes looks first whether the lock is still its own.
 */
export class FileLock {
  private readonly options: FileLockOptions;
  private readonly id = crypto.randomUUID();
  private beats = 0;
  private held = false;
  /** What another holder's file had, and since when on the clock that never goes back. */
  private seen = { text: "", since: 0 };

  constructor(options: FileLockOptions) {
    this.options = options;
  }

  /** Milliseconds between two calls of `hold`. */
  get interval(): number {
    return this.options.beat ?? BEAT;
  }

  /**
   * Takes the lock, or shows that its holder lives; to be called at every beat. False where another
   * process has it.
   */
  async hold(): Promise<boolean> {
    const { durableFiles, path } = this.options;
    const holder = await this.read();
    if (holder === undefined) {
      this.held = await durableFiles.create(path, this.sign());
    } else if (holder.id === this.id) {
      await this.put();
      this.held = true;
    } else if (await this.isDead(holder)) {
      await this.put();
      await new Promise((resolve) => setTimeout(resolve, SECOND_LOOK));
      this.held = await this.isOwn();
    } else {
      this.held = false;
    }
    return this.held;
  }

  /** Whether the lock is this process's, asked of the file. */
  async isOwn(): Promise<boolean> {
    return (await this.read())?.id === this.id;
  }

  /** Gives it up. */
  async release(): Promise<void> {
    if (this.held && (await this.isOwn()))
      await this.options.durableFiles.remove(this.options.path);
    this.held = false;
  }

  private sign(): Uint8Array {
    const { host, pid } = this.options;
    const holder: Holder = { host, pid, id: this.id, beat: ++this.beats };
    return new TextEncoder().encode(`${JSON.stringify(holder)}\n`);
  }

  /** In one step, so that a reader never finds half of it. */
  private async put(): Promise<void> {
    const { durableFiles, path } = this.options;
    const own = `${path}.${this.id}`;
    await durableFiles.remove(own);
    await durableFiles.create(own, this.sign());
    await durableFiles.rename(own, path);
  }

  private async read(): Promise<Holder | undefined> {
    let text: string;
    try {
      text = new TextDecoder().decode(await this.options.files.read(this.options.path));
    } catch (error) {
      if ((error as { code?: unknown }).code === "ENOENT") return undefined;
      throw error;
    }
    if (text !== this.seen.text) this.seen = { text, since: performance.now() };
    try {
      return JSON.parse(text) as Holder;
    } catch {
      // Another one is writing it, or died over it.
      return { host: "", pid: 0, id: "", beat: 0 };
    }
  }

  private async isDead({ host, pid }: Holder): Promise<boolean> {
    const { files, host: own, pid: ownPid } = this.options;
    if (performance.now() - this.seen.since > PATIENCE * this.interval) return true;
    if (host !== own || pid <= 0) return false;
    // After a restart of its container a process may have the number that the last one had.
    if (pid === ownPid) return true;
    const hasProc = (await files.info("/proc/self")) !== undefined;
    return hasProc && (await files.info(`/proc/${pid}`)) === undefined;
  }
}
