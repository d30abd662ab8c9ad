import type { StaticConfiguration } from "../config/static/schema.ts";
import { LocalCounters, type SharedCounters } from "../core/counters/counters.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Handler } from "../http/handler.ts";
import { challengeService } from "../internal/challenge-service.ts";
import type { AskControl } from "../internal/control-request.ts";
import { controlService } from "../internal/control-service.ts";
import { noopHandler, pingHandler } from "../internal/internal-services.ts";
import { whoami } from "../internal/whoami.ts";
import type { AppendFile, Runtime } from "../net/runtime.ts";
import { DataPlane } from "../server/data-plane.ts";
import { Background } from "../services/http/handler/background.ts";
import { KvStores } from "../services/http/handler/kv/kv-stores.ts";
import type { ScheduledRun } from "../services/http/handler/scheduled-run.ts";
import type { LoadModule } from "../services/http/http-service.ts";
import { AccessLog, accessLogObserver } from "../telemetry/access-log/access-log.ts";
import { explainHeaderObserver } from "../telemetry/explain-header.ts";
import { openLogFile } from "../telemetry/log-file.ts";
import { meteredParts } from "../telemetry/metrics/metrics-settings.ts";
import type { Observer } from "../telemetry/observer.ts";
import type { TellTelemetry } from "../telemetry/telemetry-message.ts";
import { Tracer } from "../telemetry/tracing/tracer.ts";
import { tracingObserver } from "../telemetry/tracing/tracing-observer.ts";
import { tracingSettings } from "../telemetry/tracing/tracing-settings.ts";
import { moduleLoader } from "./module-loader.ts";
import { createPlaneMetrics, type PlaneMetrics } from "./plane-metrics.ts";

/** What `addInternals` is about; whoami is there to be tried. */
const INTERNALS: ReadonlySet<string> = new Set([
  "noop@internal",
  "ping@internal",
  "api@internal",
  "dashboard@internal",
  "rest@internal",
  "prometheus@internal",
  "acme-http@internal",
]);

/** A data plane with everything that the static configuration gives it. */
export interface PlaneProgram {
  readonly plane: DataPlane;
  /** From now on ping says that the end is near. */
  terminating(): void;
  /** Calls a module's `scheduled`. Resolves when the run has ended, in whatever way. */
  runScheduled(run: ScheduledRun): Promise<void>;
  /** Null where nothing is counted. */
  readonly metrics: PlaneMetrics | null;
  /** Opens the access log again, after it was moved away. */
  reopenLogs(): Promise<void>;
  /** Lets what is in flight finish, and writes what the access log still holds. */
  shutdown(): Promise<void>;
}

export interface PlaneProgramOptions {
  readonly runtime: Runtime;
  readonly configuration: StaticConfiguration;
  readonly logger: Logger;
  /** Where the access log goes that names no file. */
  readonly stdout: AppendFile;
  /** Gives each request its number in the access log; this plane's own where it isn't given. */
  readonly requestNumbers?: () => number;
  /** Numbers for the whole process; this plane's own where they aren't given. */
  readonly counters?: SharedCounters;
  /** Hands to the control plane what it reads or sends. */
  readonly tellTelemetry: TellTelemetry;
  /** Answers for the control plane. */
  readonly askControl: AskControl;
  /** Tells the control plane a name that a client asked for and no certificate has. */
  readonly demand: (serverName: string) => void;
  /** Stands around the loading of modules; not given where they are loaded as they are. */
  readonly modules?: ((load: LoadModule) => LoadModule) | undefined;
  /** Watch requests besides what is configured. */
  readonly observers?: readonly Observer[] | undefined;
  /** Hears of trouble with standard output. */
  readonly lastResort: Logger;
}

/** Rejects where the access log can't be opened, or where the static configuration can't work. */
export async function createPlaneProgram(options: PlaneProgramOptions): Promise<PlaneProgram> {
  const { runtime, configuration, logger, stdout } = options;
  const { accessLog: accessLogOptions, api, ping, core } = configuration;
  if (core?.splice === false) runtime.forbidSplicing?.();
  const path = accessLogOptions?.filePath ?? "";
  // Trouble with standard output is not for a log that goes there too.
  const trouble = path === "" ? options.lastResort : logger;
  const open = () => openLogFile(runtime, path, stdout, trouble);
  let file = await open();
  const accessLog =
    accessLogOptions === undefined
      ? null
      : new AccessLog(
          accessLogOptions,
          file,
          options.requestNumbers,
          accessLogOptions.otlp === undefined ? null : (lines) => options.tellTelemetry({ lines }),
        );

  const background = new Background();
  const stores = new KvStores(runtime.files, runtime.openDatabase);
  let terminating = false;
  const internalServices = new Map<string, Handler>([
    ["noop@internal", noopHandler],
    ["whoami@internal", whoami({ hostname: runtime.hostname() })],
  ]);
  if (ping !== undefined) {
    internalServices.set(
      "ping@internal",
      pingHandler({
        terminatingStatusCode: ping.terminatingStatusCode,
        terminating: () => terminating,
      }),
    );
  }
  if (api !== undefined) {
    internalServices.set("api@internal", controlService(options.askControl, "api"));
    if (api.dashboard)
      internalServices.set("dashboard@internal", controlService(options.askControl, "dashboard"));
  }
  if (configuration.providers.rest !== undefined)
    internalServices.set("rest@internal", controlService(options.askControl, "rest"));
  if (configuration.metrics?.prometheus !== undefined) {
    internalServices.set("prometheus@internal", controlService(options.askControl, "prometheus"));
  }
  const tracing = tracingSettings(configuration, runtime.env);
  const tracer =
    tracing === null ? null : new Tracer(tracing, (spans) => options.tellTelemetry({ spans }));
  const metrics = createPlaneMetrics(configuration, options.tellTelemetry, logger);
  const resolvers = Object.values(configuration.certificatesResolvers ?? {});
  if (resolvers.some(({ acme }) => acme?.httpChallenge !== undefined))
    internalServices.set("acme-http@internal", challengeService(options.askControl));
  const explainToken = configuration.api?.explainToken;
  const modules = moduleLoader({ runtime, stores, logger, background });
  const plane = new DataPlane({
    runtime,
    configuration,
    logger,
    counters: options.counters ?? new LocalCounters(),
    internalServices,
    observers: [
      ...(accessLog === null
        ? []
        : [accessLogObserver(accessLog, accessLogOptions?.addInternals === true)]),
      ...(metrics === null ? [] : [metrics.observer]),
      ...(options.observers ?? []),
      ...(explainToken === undefined ? [] : [explainHeaderObserver(explainToken)]),
      ...(tracer === null ? [] : [tracingObserver(tracer, meteredParts(configuration))]),
    ],
    internals: INTERNALS,
    demand: options.demand,
    loadModule: options.modules?.(modules.load) ?? modules.load,
  });

  metrics?.watch(plane);

  return {
    plane,
    metrics,
    runScheduled: modules.runScheduled,
    terminating() {
      terminating = true;
    },
    async reopenLogs() {
      if (accessLog === null || path === "") return;
      const before = file;
      file = await open();
      accessLog.reopen(file);
      await before.close();
    },
    async shutdown() {
      await plane.shutdown();
      tracer?.flush();
      if (!(await background.settled(graceOf(configuration))))
        logger.warn("Work that modules left behind is not done within the grace time");
      await stores.close();
      try {
        await accessLog?.close();
        if (path !== "") await file.close();
      } catch (error) {
        logger.error("Cannot write the access log", { error: messageOf(error) });
      }
    },
  };
}

/** The longest grace time of an entrypoint, in milliseconds. */
function graceOf({ entryPoints }: StaticConfiguration): number {
  const times = Object.values(entryPoints).map(({ transport }) => transport.lifeCycle.graceTimeOut);
  return Math.max(0, ...times);
}
