import type { DynamicConfiguration } from "../../config/dynamic/schema.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { sameData } from "../../core/same-data.ts";
import { type LabelUnit, unitConfiguration } from "./label-unit.ts";
import { mergeUnits, type UnitPart } from "./merge-units.ts";

/** An instance in a catalog, as plain data. */
export interface CatalogItem {
  /** Unique. */
  readonly id: string;
  /** The service's name, normalised. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** "" for none: the service is there without servers. */
  readonly host: string;
  readonly port: string;
}

/**
 * Turns a catalog's instances into one configuration. What was made of an instance is kept as long
 * as it stays the same; what is wrong with it is logged when it is made, and it is left out alone.
 */
export class CatalogUnits {
  private readonly defaultRule: (item: CatalogItem) => string;
  private readonly logger: Logger;
  private built = new Map<string, { item: CatalogItem; part: UnitPart | undefined }>();
  private conflicts: readonly string[] = [];

  constructor(defaultRule: (item: CatalogItem) => string, logger: Logger) {
    this.defaultRule = defaultRule;
    this.logger = logger;
  }

  configuration(items: readonly CatalogItem[]): DynamicConfiguration {
    const built = new Map<string, { item: CatalogItem; part: UnitPart | undefined }>();
    const parts: UnitPart[] = [];
    for (const item of items) {
      const before = this.built.get(item.id);
      const now =
        before !== undefined && sameData(before.item, item)
          ? before
          : { item, part: this.build(item) };
      built.set(item.id, now);
      if (now.part !== undefined) parts.push(now.part);
    }
    this.built = built;
    const { configuration, conflicts } = mergeUnits(parts);
    for (const conflict of conflicts)
      if (!this.conflicts.includes(conflict)) this.logger.error(conflict);
    this.conflicts = conflicts;
    return configuration;
  }

  private build(item: CatalogItem): UnitPart | undefined {
    const logger = this.logger.with({ serviceName: item.name, instance: item.id });
    const unit: LabelUnit = {
      name: item.name,
      labels: item.labels,
      places(port) {
        if (item.host === "") return [];
        const chosen = port ?? item.port;
        if (chosen === "" || chosen === "0") throw new Error("port is missing");
        return [{ host: item.host, port: chosen }];
      },
      defaultRule: () => this.defaultRule(item),
    };
    try {
      const { configuration, problems } = unitConfiguration(unit);
      for (const problem of problems) logger.warn(`The instance's tags: ${problem}`);
      return { name: `${item.name}-${item.id}`, configuration };
    } catch (error) {
      logger.error("The instance is left out", { error: messageOf(error) });
      return undefined;
    }
  }
}
