import type { DynamicConfiguration } from "../../config/dynamic/schema.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { KeptUnits } from "./kept-units.ts";
import { type LabelUnit, unitConfiguration } from "./label-unit.ts";
import type { UnitPart } from "./merge-units.ts";

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
  /** Ports that labels name by what they are inside of the instance, and what they are outside. */
  readonly mappings?: Readonly<Record<string, string>>;
}

/**
 * Turns a catalog's instances into one configuration. What is wrong with one is logged when it
 * appears, and it is left out alone.
 */
export class CatalogUnits {
  private readonly defaultRule: (item: CatalogItem) => string;
  private readonly logger: Logger;
  private readonly units: KeptUnits<CatalogItem>;

  constructor(defaultRule: (item: CatalogItem) => string, logger: Logger) {
    this.defaultRule = defaultRule;
    this.logger = logger;
    this.units = new KeptUnits((item) => this.build(item), logger);
  }

  configuration(items: readonly CatalogItem[]): DynamicConfiguration {
    return this.units.configuration(items.map((item) => [item.id, item]));
  }

  private build(item: CatalogItem): UnitPart | undefined {
    const logger = this.logger.with({ serviceName: item.name, instance: item.id });
    const unit: LabelUnit = {
      name: item.name,
      labels: item.labels,
      places(port) {
        if (item.host === "") return [];
        const chosen = port === undefined ? item.port : (item.mappings?.[port] ?? port);
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
