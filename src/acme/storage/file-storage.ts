import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Runtime, Stop } from "../../net/runtime.ts";
import {
  type AcmeJson,
  formatAcmeJson,
  parseAcmeJson,
  sectionOf,
  withSection,
} from "./acme-json.ts";
import { FailureNotes } from "./failure-notes.ts";
import { FileLock, type FileLockOptions } from "./file-lock.ts";
import { SharedTokens } from "./shared-tokens.ts";
import type { AcmeStorage } from "./storage.ts";
import type { OrderFailure, StoredSection } from "./stored.ts";

export interface FileStorageOptions {
  readonly path: string;
  readonly runtime: Pick<Runtime, "files" | "durableFiles" | "hostname" | "pid">;
  readonly logger: Logger;
  /** It is read alone: neither made nor locked nor watched. */
  readonly readOnly?: boolean;
  /** See `FileLockOptions`. */
  readonly lock?: Pick<FileLockOptions, "beat" | "pid" | "host">;
}

/** What others may not do with a file of private keys. */
const GROUP_AND_OTHERS = 0o077;
/** Thousands of certificates. Bytes. */
const LARGEST = 256 * 1024 * 1024;

/** Traefik's acme.json: read at the start, wholly written at each change. */
export class FileStorage implements AcmeStorage {
  readonly name: string;
  readonly tokens: SharedTokens;
  isOwner = false;
  private readonly options: FileStorageOptions;
  private readonly lock: FileLock;
  private readonly notes: FailureNotes;
  private content: AcmeJson = new Map();
  /** Of `content`, as they were asked for. */
  private readonly sections = new Map<string, StoredSection>();
  /** What the file had when it was read or written last. */
  private text = "";
  private writing: Promise<void> = Promise.resolve();
  private readonly followers = new Set<() => void>();
  private opened: Promise<void> | undefined;
  private stopWatching: Stop | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Something has changed that the file doesn't have. */
  private unwritten = false;
  private closed = false;
  private lockTrouble = "";
  private saidInPlace = false;

  constructor(options: FileStorageOptions) {
    const { path, runtime, lock } = options;
    this.name = path;
    this.options = options;
    this.tokens = new SharedTokens(`${path}.tokens`, runtime.durableFiles, options.logger);
    this.notes = new FailureNotes(`${path}.failures`, runtime.durableFiles, options.logger);
    this.lock = new FileLock({
      path: `${path}.lock`,
      files: runtime.files,
      durableFiles: runtime.durableFiles,
      host: runtime.hostname(),
      pid: runtime.pid,
      ...lock,
    });
  }

  open(): Promise<void> {
    this.opened ??= this.openOnce();
    return this.opened;
  }

  section(resolver: string): StoredSection {
    let section = this.sections.get(resolver);
    if (section === undefined) {
      section = sectionOf(this.content, resolver);
      this.sections.set(resolver, section);
    }
    return section;
  }

  update(resolver: string, change: (section: StoredSection) => StoredSection): Promise<void> {
    const section = change(this.section(resolver));
    this.content = withSection(this.content, resolver, section);
    this.sections.set(resolver, section);
    this.unwritten = true;
    // One write after another; each writes all that has changed by then.
    const written = this.writing.then(() => this.write());
    this.writing = written.catch(() => {});
    return written;
  }

  failures(resolver: string): readonly OrderFailure[] {
    return this.notes.of(resolver);
  }

  demands(resolver: string): readonly number[] {
    return this.notes.demandsOf(resolver);
  }

  note(resolver: string, failures: readonly OrderFailure[], demands: readonly number[]): void {
    if (this.isOwner) this.notes.note(resolver, failures, demands);
  }

  follow(changed: () => void): void {
    this.followers.add(changed);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.stopWatching?.();
    await this.writing;
    await this.notes.flush();
    if (this.isOwner) await this.lock.release().catch(() => {});
    this.isOwner = false;
  }

  private async openOnce(): Promise<void> {
    const { path, runtime, readOnly = false } = this.options;
    const mode = await runtime.durableFiles.mode(path);
    if (mode === undefined && readOnly) return;
    if (mode === undefined) await runtime.durableFiles.create(path, new Uint8Array());
    else if ((mode & GROUP_AND_OTHERS) !== 0) {
      throw new Error(
        `permissions ${mode.toString(8).padStart(3, "0")} for ${path} are too open, please use 600`,
      );
    }
    await this.read();
    await this.notes.read();
    if (readOnly) return;
    await this.holdLock();
    this.watch();
  }

  /** Throws where it isn't what Traefik writes. */
  private async read(): Promise<boolean> {
    const { path, runtime } = this.options;
    const info = await runtime.files.info(path);
    if (info !== undefined && info.size > LARGEST)
      throw new Error(`${path}: expected at most ${LARGEST} bytes, found ${info.size}`);
    const { content: bytes, interrupted } = await runtime.durableFiles.read(path);
    const text = new TextDecoder().decode(bytes);
    if (interrupted) this.unwritten = true;
    if (text === this.text && !interrupted) return false;
    try {
      const content = parseAcmeJson(text);
      for (const resolver of content.keys()) sectionOf(content, resolver);
      this.content = content;
      this.sections.clear();
    } catch (error) {
      throw new Error(`${path} can't be read: ${messageOf(error)}`);
    }
    // What a crash left is to be put in order with the next write.
    this.text = interrupted ? "" : text;
    return true;
  }

  private async write(): Promise<void> {
    const { path, runtime, logger } = this.options;
    if (!this.isOwner || !(await this.isLockOwn()))
      throw new Error(`${path}: another process has the lock`);
    const content = formatAcmeJson(this.content);
    const text = new TextDecoder().decode(content);
    this.unwritten = false;
    if (text === this.text) return;
    const how = await runtime.durableFiles.replace(path, content).catch((error: unknown) => {
      this.unwritten = true;
      throw error;
    });
    this.text = text;
    if (how === "replaced" || this.saidInPlace) return;
    this.saidInPlace = true;
    logger.warn(
      "The ACME storage is written in place: nothing can be put beside it. Mount its directory instead of the file",
      { storage: path },
    );
  }

  private isLockOwn(): Promise<boolean> {
    return this.lockTrouble === "" ? this.lock.isOwn() : Promise.resolve(true);
  }

  /** Takes the lock or shows a sign of life, again and again. */
  private async holdLock(): Promise<void> {
    const { logger, path } = this.options;
    const before = this.isOwner;
    try {
      this.isOwner = await this.lock.hold();
      this.lockTrouble = "";
      if (this.isOwner !== before || (!this.isOwner && this.timer === undefined)) {
        if (!this.isOwner)
          logger.info("Another process orders certificates with this storage", { storage: path });
        else if (this.timer !== undefined)
          logger.info("This process orders certificates from now on", { storage: path });
      }
    } catch (error) {
      // Where nothing can be put beside the file no other process can either.
      this.isOwner = true;
      if (this.lockTrouble === "") {
        this.lockTrouble = messageOf(error);
        logger.warn("The ACME storage can't be locked", { storage: path, error: this.lockTrouble });
      }
    }
    if (this.closed) return;
    this.timer = setTimeout(() => void this.holdLock(), this.lock.interval);
    if (this.isOwner && this.unwritten) {
      const written = this.writing.then(() => this.write());
      this.writing = written.catch(() => {});
    }
    if (this.isOwner === before) return;
    // What the owner before wrote last.
    await this.readAgain();
    this.tell();
  }

  private watch(): void {
    const { path, runtime, logger } = this.options;
    const slash = path.lastIndexOf("/");
    const directory = slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
    try {
      this.stopWatching = runtime.files.watch(directory, () => {
        if (!this.isOwner) void this.readAgain().then((changed) => changed && this.tell());
      });
    } catch (error) {
      logger.warn("Cannot watch the ACME storage", { storage: path, error: messageOf(error) });
    }
  }

  private async readAgain(): Promise<boolean> {
    if (this.closed) return false;
    try {
      return await this.read();
    } catch (error) {
      this.options.logger.error("The ACME storage can't be read, what was read before goes on", {
        storage: this.options.path,
        error: messageOf(error),
      });
      return false;
    }
  }

  private tell(): void {
    for (const follower of this.followers) follower();
  }
}
