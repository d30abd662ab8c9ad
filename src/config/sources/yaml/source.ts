import type { YamlEvent } from "./events.ts";

/** A text and its events, which refer to it by offsets. */
export interface YamlSource {
  readonly text: string;
  readonly events: readonly YamlEvent[];
  /** What lines are counted in. */
  readonly written: string;
  /** From an offset in `text` to one in `written`. */
  original(offset: number): number;
}
