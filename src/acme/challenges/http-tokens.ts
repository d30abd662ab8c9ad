import { pause } from "../../core/loop/pause.ts";
import type { AcmeStorage } from "../storage/storage.ts";
import type { Challenge, ChallengeSolver } from "./challenge.ts";

/** HTTP-01 (RFC 8555 section 8.3): what is answered below /.well-known/acme-challenge/. */
export class HttpTokens {
  private readonly answers = new Map<string, string>();
  private readonly shared = new Set<AcmeStorage["tokens"]>();

  /** The key authorization of a token for a host, without its port; undefined where none is under way. */
  async answer(host: string, token: string): Promise<string | undefined> {
    const key = `${host.toLowerCase()} ${token}`;
    const own = this.answers.get(key);
    if (own !== undefined) return own;
    for (const shared of this.shared) {
      const found = await shared.find(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * `delay` is waited before an authority may look, in milliseconds; `shared` has the answers of other
   * processes as well.
   */
  solver(delay: number, shared?: AcmeStorage["tokens"]): ChallengeSolver {
    if (shared !== undefined) this.shared.add(shared);
    return {
      present: async ({ domain, token, keyAuthorization }: Challenge, signal) => {
        const key = `${domain.includes(":") ? `[${domain}]` : domain} ${token}`;
        this.answers.set(key, keyAuthorization);
        const cleanUp = async () => {
          this.answers.delete(key);
          await shared?.delete(key);
        };
        await shared?.set(key, keyAuthorization);
        await orCleanUp(pause(delay, signal), cleanUp);
        return cleanUp;
      },
    };
  }
}

/** Waits for something; where it fails, what was done before is undone. */
export async function orCleanUp(work: Promise<void>, cleanUp: () => Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    await cleanUp();
    throw error;
  }
}
