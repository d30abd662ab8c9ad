import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { DurableFiles } from "../../net/host/durable-files.ts";

/**
 * The answers to HTTP-01 that are under way, in a file beside the storage: an authority may come to any
 * of the processes that share it. There is no file while nothing is under way. They are no secrets.
 */
export class SharedTokens {
  private readonly path: string;
  private readonly files: DurableFiles;
  private readonly logger: Logger;
  private readonly own = new Map<string, string>();
  private version = 0;
  private written = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(path: string, files: DurableFiles, logger: Logger) {
    this.path = path;
    this.files = files;
    this.logger = logger;
  }

  /** Resolves when other processes can find it, or where the file can't be written. */
  set(key: string, answer: string): Promise<void> {
    this.own.set(key, answer);
    return this.write();
  }

  delete(key: string): Promise<void> {
    this.own.delete(key);
    return this.write();
  }

  /** What another process has put there; undefined where there is no such thing. */
  async find(key: string): Promise<string | undefined> {
    try {
      const { content } = await this.files.read(this.path);
      const answers: unknown = JSON.parse(new TextDecoder().decode(content));
      if (typeof answers !== "object" || answers === null || !Object.hasOwn(answers, key))
        return undefined;
      const answer: unknown = (answers as Readonly<Record<string, unknown>>)[key];
      return typeof answer === "string" ? answer : undefined;
    } catch {
      return undefined;
    }
  }

  /** Changes that come while one is written are written together. */
  private write(): Promise<void> {
    const wanted = ++this.version;
    this.writing = this.writing.then(async () => {
      if (this.written >= wanted) return;
      this.written = this.version;
      try {
        if (this.own.size === 0) await this.files.remove(this.path);
        else await this.files.replace(this.path, encoded(this.own));
      } catch (error) {
        this.logger.debug("Answers to HTTP-01 can't be shared", { error: messageOf(error) });
      }
    });
    return this.writing;
  }
}

function encoded(answers: ReadonlyMap<string, string>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(Object.fromEntries(answers), null, 2));
}
