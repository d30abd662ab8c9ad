import { pause } from "../../core/loop/pause.ts";
import type { Challenge, ChallengeSolver } from "./challenge.ts";

/** HTTP-01 (RFC 8555 section 8.3): what is answered below /.well-known/acme-challenge/. */
export class HttpTokens {
  private readonly answers = new Map<string, string>();

  /** The key authorization of a token for a host, without its port; undefined where none is under way. */
  answer(host: string, token: string): string | undefined {
    return this.answers.get(`${host.toLowerCase()} ${token}`);
  }

  /** `delay` is waited before an authority may look, in milliseconds. */
  solver(delay: number): ChallengeSolver {
    return {
      present: async ({ domain, token, keyAuthorization }: Challenge, signal) => {
        const key = `${domain.includes(":") ? `[${domain}]` : domain} ${token}`;
        this.answers.set(key, keyAuthorization);
        const cleanUp = async () => {
          this.answers.delete(key);
        };
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
