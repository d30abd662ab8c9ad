import { messageOf } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";
import { sameData } from "../../../core/same-data.ts";
import type { AcmeStorage } from "../storage.ts";
import type { OrderFailure, StoredSection } from "../stored.ts";
import type { LeasedStore } from "./leased-store.ts";
import { type Notes, notesFrom, pairsOf, placeOf, sectionFrom } from "./section-pairs.ts";
import { SharedAnswers } from "./shared-answers.ts";

export interface SharedStorageOptions {
  readonly store: LeasedStore;
  /** Without slashes at its ends. */
  readonly root: string;
  readonly logger: Logger;
  /** How long the lease lasts without a sign of life, in seconds. */
  readonly life: number;
  /** It is read once. */
  readonly readOnly?: boolean;
  /** Between two looks, in milliseconds. */
  readonly beat?: number;
}

/** Between two looks at what there is and signs of life, in milliseconds. */
const BEAT = 2_000;
/** The holder stops that much before the store may give its lease to another one, in milliseconds. */
const MARGIN = 1_000;

/**
 * Accounts and certificates of several instances in a key-value store: the one that has the lease orders, all
 * serve what it writes. What was read last goes on where the store is away; nothing is ordered then.
 */
export class SharedStorage implements AcmeStorage {
  readonly name: string;
  readonly tokens: SharedAnswers;
  private readonly options: SharedStorageOptions;
  private readonly prefix: string;
  private readonly versionKey: string;
  /** As it was read or written last, by keys without the root. */
  private stored = new Map<string, string>();
  /** What the store doesn't have yet. */
  private readonly unwritten = new Map<string, string | null>();
  private readonly sections = new Map<string, StoredSection>();
  private readonly followers = new Set<() => void>();
  private readonly broken = new Set<string>();
  /** Counts writes; undefined before the first look. */
  private version: number | undefined;
  /** On the clock that never goes back: until when this instance has the lease for sure. */
  private heldUntil = Number.NEGATIVE_INFINITY;
  private wasOwner: boolean | undefined;
  private writing: Promise<void> = Promise.resolve();
  private looking: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private opened: Promise<void> | undefined;
  private isAway = false;
  private closed = false;

  constructor(options: SharedStorageOptions) {
    const { store, root, logger } = options;
    this.options = options;
    this.name = `${store.title}, ${root}`;
    this.prefix = `${root}/`;
    // Beside the tree: signs of life and answers are no changes of it.
    this.versionKey = `${root}-version`;
    this.tokens = new SharedAnswers(store, `${root}-tokens/`, logger);
  }

  get isOwner(): boolean {
    return !this.closed && performance.now() < this.heldUntil;
  }

  open(): Promise<void> {
    this.opened ??= this.openOnce();
    return this.opened;
  }

  section(resolver: string): StoredSection {
    let section = this.sections.get(resolver);
    if (section === undefined) {
      const place = placeOf(resolver);
      // In one order, however the store lists them: another order would be another configuration.
      const sorted = [...this.present()].sort(([a], [b]) => (a < b ? -1 : 1));
      const pairs = sorted.flatMap(([key, value]): [string, string][] =>
        key.startsWith(place) ? [[key.slice(place.length), value]] : [],
      );
      section = sectionFrom(pairs, (key, error) => this.sayBroken(place + key, error));
      this.sections.set(resolver, section);
    }
    return section;
  }

  update(resolver: string, change: (section: StoredSection) => StoredSection): Promise<void> {
    const before = this.section(resolver);
    const section = change(before);
    const place = placeOf(resolver);
    const next = pairsOf(section);
    for (const key of pairsOf(before).keys())
      if (!next.has(key)) this.unwritten.set(place + key, null);
    for (const [key, value] of next) this.put(place + key, value);
    this.sections.set(resolver, section);
    return this.write();
  }

  failures(resolver: string): readonly OrderFailure[] {
    return this.notesOf(resolver).failures;
  }

  demands(resolver: string): readonly number[] {
    return this.notesOf(resolver).demands;
  }

  note(resolver: string, failures: readonly OrderFailure[], demands: readonly number[]): void {
    const notes: Notes = { failures, demands };
    if (!this.isOwner || sameData(this.notesOf(resolver), notes)) return;
    this.put(`${placeOf(resolver)}notes`, JSON.stringify(notes));
    this.write().catch(() => {});
  }

  follow(changed: () => void): void {
    this.followers.add(changed);
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.looking;
    await this.writing.catch(() => {});
    const { isOwner } = this;
    this.closed = true;
    clearTimeout(this.timer);
    if (isOwner) await this.options.store.release().catch(() => {});
    this.options.store.close();
  }

  private async openOnce(): Promise<void> {
    if (this.options.readOnly === true) {
      await this.read();
      return;
    }
    await this.look();
  }

  /** Shows a sign of life, reads what has changed, writes what is left to be written. Never rejects. */
  private look(): Promise<void> {
    this.looking = this.lookOnce().finally(() => {
      if (this.closed) return;
      this.timer = setTimeout(() => void this.look(), this.options.beat ?? BEAT);
    });
    return this.looking;
  }

  private async lookOnce(): Promise<void> {
    const { store, life, logger } = this.options;
    try {
      const began = performance.now();
      const holds = await store.hold();
      const changed = await this.read();
      if (holds && this.wasOwner !== true) await this.tokens.clear();
      // What it held before the reading is what it knows now: nothing is ordered twice.
      this.heldUntil = holds ? began + life * 1000 - MARGIN : Number.NEGATIVE_INFINITY;
      if (this.isAway) logger.info("The ACME store is there again", { storage: this.name });
      this.isAway = false;
      if (holds && this.unwritten.size > 0) await this.write();
      if (this.sayOwner() || changed) this.tell();
    } catch (error) {
      const about = { storage: this.name, error: messageOf(error) };
      if (!this.isAway)
        logger.error(
          "The ACME store can't be reached: what was read before goes on, and nothing is ordered",
          about,
        );
      this.isAway = true;
    }
  }

  /** True where it is another one than before. */
  private sayOwner(): boolean {
    const { isOwner, wasOwner } = this;
    if (isOwner === wasOwner) return false;
    this.wasOwner = isOwner;
    const { logger } = this.options;
    if (!isOwner)
      logger.info("Another instance orders certificates with this storage", { storage: this.name });
    else if (wasOwner !== undefined)
      logger.info("This instance orders certificates from now on", { storage: this.name });
    return true;
  }

  /** True where others have changed something. */
  private async read(): Promise<boolean> {
    const { store, logger } = this.options;
    const version = Number(await store.read(this.versionKey)) || 0;
    if (version === this.version) return false;
    const pairs = new Map(await store.list(this.prefix));
    if (version < (this.version ?? 0)) {
      logger.warn("The ACME store has lost what was written to it: it is written again", {
        storage: this.name,
      });
      for (const [key, value] of this.present())
        if (pairs.get(key) !== value) this.unwritten.set(key, value);
    } else {
      // Another one has written the same key meanwhile: that is newer.
      for (const key of [...this.unwritten.keys()])
        if (pairs.get(key) !== this.stored.get(key)) this.unwritten.delete(key);
    }
    this.stored = pairs;
    this.version = version;
    this.sections.clear();
    return true;
  }

  private put(key: string, value: string): void {
    if (this.stored.get(key) === value) this.unwritten.delete(key);
    else this.unwritten.set(key, value);
  }

  /** What there is, with what isn't written yet. */
  private present(): Map<string, string> {
    const all = new Map(this.stored);
    for (const [key, value] of this.unwritten) {
      if (value === null) all.delete(key);
      else all.set(key, value);
    }
    return all;
  }

  /** One write after another; each writes all that has changed by then. */
  private write(): Promise<void> {
    const written = this.writing.catch(() => {}).then(() => this.writeOnce());
    this.writing = written;
    written.catch(() => {});
    return written;
  }

  private async writeOnce(): Promise<void> {
    const { store } = this.options;
    if (this.unwritten.size === 0) return;
    if (!this.isOwner) throw new Error(`${this.name}: another instance has the lease`);
    const changes = new Map(this.unwritten);
    const version = (this.version ?? 0) + 1;
    const absolute = [...changes].map(([key, value]) => [this.prefix + key, value] as const);
    const done = await store.write(new Map([...absolute, [this.versionKey, String(version)]]));
    if (!done) {
      this.heldUntil = Number.NEGATIVE_INFINITY;
      throw new Error(`${this.name}: another instance has the lease`);
    }
    this.version = version;
    for (const [key, value] of changes) {
      if (value === null) this.stored.delete(key);
      else this.stored.set(key, value);
      if (this.unwritten.get(key) === value) this.unwritten.delete(key);
    }
  }

  private notesOf(resolver: string): Notes {
    const key = `${placeOf(resolver)}notes`;
    return notesFrom(this.unwritten.get(key) ?? this.stored.get(key));
  }

  private sayBroken(key: string, error: unknown): void {
    if (this.broken.has(key)) return;
    this.broken.add(key);
    this.options.logger.error("A value of the ACME store can't be read, it is left out", {
      storage: this.name,
      key,
      error: messageOf(error),
    });
  }

  private tell(): void {
    for (const follower of this.followers) follower();
  }
}
