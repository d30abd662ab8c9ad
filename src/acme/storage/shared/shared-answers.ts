import { messageOf } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";
import { base64url } from "../../x509/base64url.ts";
import type { SharedTokens } from "../shared-tokens.ts";
import type { LeasedStore } from "./leased-store.ts";

/** Questions to the store side by side: clients that ask for tokens that there aren't must not flood it. */
const AT_ONCE = 16;

/** The answers to HTTP-01 that are under way, in the store: an authority may come to any instance. */
export class SharedAnswers implements Pick<SharedTokens, "set" | "delete" | "find"> {
  private readonly store: LeasedStore;
  private readonly prefix: string;
  private readonly logger: Logger;
  private asking = 0;

  /** `prefix` ends in "/". */
  constructor(store: LeasedStore, prefix: string, logger: Logger) {
    this.store = store;
    this.prefix = prefix;
    this.logger = logger;
  }

  async set(key: string, answer: string): Promise<void> {
    await this.write(key, answer);
  }

  async delete(key: string): Promise<void> {
    await this.write(key, null);
  }

  async find(key: string): Promise<string | undefined> {
    if (this.asking >= AT_ONCE) return undefined;
    this.asking++;
    try {
      return await this.store.read(this.placeOf(key));
    } catch {
      return undefined;
    } finally {
      this.asking--;
    }
  }

  /** Takes away what a holder has left behind that is no more. */
  async clear(): Promise<void> {
    const left = await this.store.list(this.prefix);
    if (left.size === 0) return;
    await this.store.write(new Map([...left.keys()].map((key) => [this.prefix + key, null])));
  }

  private placeOf(key: string): string {
    return this.prefix + base64url(new TextEncoder().encode(key));
  }

  private async write(key: string, answer: string | null): Promise<void> {
    try {
      await this.store.write(new Map([[this.placeOf(key), answer]]));
    } catch (error) {
      this.logger.debug("Answers to HTTP-01 can't be shared", { error: messageOf(error) });
    }
  }
}
