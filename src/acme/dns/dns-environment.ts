import { messageOf } from "../../core/errors.ts";
import type { Runtime } from "../../net/runtime.ts";

/** A secret is never long. Bytes. */
const LONGEST_FILE = 1024 * 1024;

/**
 * The environment as lego's DNS providers read it: a variable, or the file that the same variable
 * with `_FILE` behind it names, without newlines at its end. An empty one is none.
 */
export class DnsEnvironment {
  private readonly runtime: Pick<Runtime, "env" | "files">;

  constructor(runtime: Pick<Runtime, "env" | "files">) {
    this.runtime = runtime;
  }

  /** The value of the first of these variables that has one. Rejects where its file can't be read. */
  async optional(...names: readonly string[]): Promise<string | undefined> {
    for (const name of names) {
      const value = this.runtime.env[name] || (await this.fromFile(`${name}_FILE`));
      if (value !== undefined && value !== "") return value;
    }
    return undefined;
  }

  /** The same. Rejects, naming them, where none has a value. */
  async required(...names: readonly string[]): Promise<string> {
    const value = await this.optional(...names);
    if (value === undefined) {
      const [first, ...others] = names;
      const also = others.length === 0 ? "" : ` (or ${others.join(", ")})`;
      throw new Error(
        `expected a value in the environment variable ${first}${also} or a file named by ${first}_FILE, found neither`,
      );
    }
    return value;
  }

  /** Whole seconds, in milliseconds. Rejects where it is something else. */
  async seconds(fallback: number, ...names: readonly string[]): Promise<number> {
    const value = await this.optional(...names);
    return value === undefined ? fallback : 1000 * wholeNumber(value, names[0], "whole seconds");
  }

  async integer(fallback: number, ...names: readonly string[]): Promise<number> {
    const value = await this.optional(...names);
    return value === undefined ? fallback : wholeNumber(value, names[0], "a whole number");
  }

  /** As Go's strconv.ParseBool reads it. */
  async flag(fallback: boolean, ...names: readonly string[]): Promise<boolean> {
    const value = await this.optional(...names);
    if (value === undefined) return fallback;
    if (/^(1|t|true)$/i.test(value)) return true;
    if (/^(0|f|false)$/i.test(value)) return false;
    throw new Error(`${names[0]}: expected true or false, found "${value}"`);
  }

  private async fromFile(variable: string): Promise<string | undefined> {
    const path = this.runtime.env[variable];
    if (path === undefined || path === "") return undefined;
    try {
      const info = await this.runtime.files.info(path);
      if (info !== undefined && info.size > LONGEST_FILE)
        throw new Error(`expected at most ${LONGEST_FILE} bytes, found ${info.size}`);
      const bytes = await this.runtime.files.read(path);
      return new TextDecoder().decode(bytes).replace(/[\r\n]+$/, "");
    } catch (error) {
      throw new Error(`${variable}: ${JSON.stringify(path)} can't be read: ${messageOf(error)}`);
    }
  }
}

/** Nine digits at most: no time and no number of a provider's is longer. */
function wholeNumber(value: string, name: string, expected: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new Error(`${name}: expected ${expected}, found "${value}"`);
}
