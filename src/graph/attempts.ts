import { messageOf } from "../core/errors.ts";
import { ElementError } from "./element-builder.ts";

/** Collects what is wrong with the parts of one element, so that all of it is said at once. */
export class Attempts {
  private readonly errors: string[] = [];

  /** The part, or undefined where it can't be had. */
  async part<T>(make: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await make();
    } catch (error) {
      this.errors.push(messageOf(error));
      return undefined;
    }
  }

  /** The same for what is made at once. */
  now<T>(make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      this.errors.push(messageOf(error));
      return undefined;
    }
  }

  add(error: string): void {
    this.errors.push(error);
  }

  /** Throws where a part failed. */
  check(): void {
    if (this.errors.length > 0) throw new ElementError(this.errors);
  }
}
