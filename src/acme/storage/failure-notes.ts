import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { sameData } from "../../core/same-data.ts";
import type { DurableFiles } from "../../net/host/durable-files.ts";
import type { OrderFailure } from "./stored.ts";

/** By resolver: failed orders, or these and when it ordered on demand. */
type Notes = Readonly<
  Record<
    string,
    | readonly OrderFailure[]
    | { readonly failures: readonly OrderFailure[]; readonly demands: readonly number[] }
  >
>;

/**
 * Failed orders in a file beside the storage, which has no place for them: for `sluice certificates`,
 * and for the process that orders next. There is no file where nothing fails.
 */
export class FailureNotes {
  private readonly path: string;
  private readonly files: DurableFiles;
  private readonly logger: Logger;
  private notes: Notes = {};
  private writing: Promise<void> = Promise.resolve();

  constructor(path: string, files: DurableFiles, logger: Logger) {
    this.path = path;
    this.files = files;
    this.logger = logger;
  }

  /** Reads what another process has noted; nothing where there is nothing to be read. */
  async read(): Promise<void> {
    try {
      const { content } = await this.files.read(this.path);
      const notes: unknown = JSON.parse(new TextDecoder().decode(content));
      this.notes = typeof notes === "object" && notes !== null ? (notes as Notes) : {};
    } catch {
      this.notes = {};
    }
  }

  of(resolver: string): readonly OrderFailure[] {
    const found = Object.hasOwn(this.notes, resolver) ? this.notes[resolver] : [];
    const list: unknown = "failures" in found ? found.failures : found;
    return Array.isArray(list) ? list.filter((one) => Array.isArray(one?.names)) : [];
  }

  /** When it ordered on demand, in milliseconds since the epoch. */
  demandsOf(resolver: string): readonly number[] {
    const found = Object.hasOwn(this.notes, resolver) ? this.notes[resolver] : [];
    const list: unknown = "demands" in found ? found.demands : [];
    return Array.isArray(list) ? list.filter((at) => typeof at === "number") : [];
  }

  note(resolver: string, failures: readonly OrderFailure[], demands: readonly number[] = []): void {
    if (sameData(this.of(resolver), failures) && sameData(this.demandsOf(resolver), demands))
      return;
    const own = demands.length === 0 ? failures : { failures, demands };
    this.notes = { ...this.notes, [resolver]: own };
    const { notes } = this;
    const text = JSON.stringify(notes, null, 2);
    const isEmpty = Object.values(notes).every((list) => Array.isArray(list) && list.length === 0);
    this.writing = this.writing
      .then(async () => {
        if (isEmpty) await this.files.remove(this.path);
        else await this.files.replace(this.path, new TextEncoder().encode(text));
      })
      .catch((error: unknown) =>
        this.logger.debug("Failed orders can't be noted", { error: messageOf(error) }),
      );
  }

  /** What is noted is written by then. */
  flush(): Promise<void> {
    return this.writing;
  }
}
