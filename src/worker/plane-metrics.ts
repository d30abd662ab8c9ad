import type { StaticConfiguration } from "../config/static/schema.ts";
import type { Logger } from "../core/logger.ts";
import type { DataPlane } from "../server/data-plane.ts";
import { metricsObserver } from "../telemetry/metrics/metrics-observer.ts";
import { metricsSettings } from "../telemetry/metrics/metrics-settings.ts";
import { RequestMeters } from "../telemetry/metrics/request-meters.ts";
import type { Observer } from "../telemetry/observer.ts";
import type { TellTelemetry } from "../telemetry/telemetry-message.ts";

/** What one data plane counts. */
export interface PlaneMetrics {
  readonly observer: Observer;
  /** Whose connections `refresh` counts. */
  watch(plane: DataPlane): void;
  /** Writes down how many connections are open. */
  refresh(): void;
  /** Nothing reads the rows of these owners any more. */
  forget(ownerKeys: readonly string[]): void;
}

/** Null where nothing asks for numbers. */
export function createPlaneMetrics(
  configuration: StaticConfiguration,
  tell: TellTelemetry,
  logger: Logger,
): PlaneMetrics | null {
  const settings = metricsSettings(configuration);
  if (settings === null) return null;
  const full = () =>
    logger.error("There is no room for more series of metrics: new ones are not counted");
  const meters = new RequestMeters(settings.bounds, (news) => tell({ meters: news }), full);
  let plane: DataPlane | undefined;
  return {
    observer: metricsObserver(settings, meters),
    watch(watched) {
      plane = watched;
    },
    refresh() {
      for (const [name, count] of plane?.openConnections() ?? [])
        meters.of({ kind: "entryPoint", name }).setConnections(count);
    },
    forget: (keys) => meters.forget(keys),
  };
}
