import type { DynamicConfiguration } from "../../config/dynamic/schema.ts";
import type { Logger } from "../../core/logger.ts";
import { sameData } from "../../core/same-data.ts";
import { mergeUnits, type UnitPart } from "./merge-units.ts";

/**
 * Turns many things (containers, instances of a catalog) into one configuration. What was made of one is
 * kept as long as that stays the same, so that its mistakes are said once.
 */
export class KeptUnits<Item> {
  private readonly build: (item: Item) => UnitPart | undefined;
  private readonly logger: Logger;
  private built = new Map<string, { readonly item: Item; readonly part: UnitPart | undefined }>();
  private conflicts: readonly string[] = [];

  /** `build` looks at nothing but its item, which is plain data; undefined leaves it out. */
  constructor(build: (item: Item) => UnitPart | undefined, logger: Logger) {
    this.build = build;
    this.logger = logger;
  }

  /** The configuration of these, by unique names; those that are as before aren't looked at again. */
  configuration(items: Iterable<readonly [string, Item]>): DynamicConfiguration {
    const built: typeof this.built = new Map();
    const parts: UnitPart[] = [];
    for (const [id, item] of items) {
      const before = this.built.get(id);
      const now =
        before !== undefined && sameData(before.item, item)
          ? before
          : { item, part: this.build(item) };
      built.set(id, now);
      if (now.part !== undefined) parts.push(now.part);
    }
    this.built = built;
    const { configuration, conflicts } = mergeUnits(parts);
    for (const conflict of conflicts)
      if (!this.conflicts.includes(conflict)) this.logger.error(conflict);
    this.conflicts = conflicts;
    return configuration;
  }
}
