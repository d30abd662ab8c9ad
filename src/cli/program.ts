import { createApi } from "../api/api.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import { ControlPlane } from "../control/control-plane.ts";
import type { Planes } from "../control/planes.ts";
import { singlePlane } from "../control/single-plane.ts";
import { WorkerPlanes } from "../control/worker-planes.ts";
import type { Logger } from "../core/logger.ts";
import { Telemetry } from "../exporters/telemetry.ts";
import type { AskControl } from "../internal/control-request.ts";
import type { Runtime } from "../net/runtime.ts";
import type { Provider } from "../providers/provider.ts";
import { RestProvider } from "../providers/rest/rest-provider.ts";
import { createProviders } from "../providers/table.ts";
import type { LoadModule } from "../services/http/http-service.ts";
import { Events, notingLogger } from "../status/events.ts";
import { openLogFile } from "../telemetry/log-file.ts";
import { createLogger, type RootLogger } from "../telemetry/logger.ts";
import type { Observer } from "../telemetry/observer.ts";
import { wantsColors } from "./terminal/colors.ts";
import { VERSION } from "./version.ts";

/** Everything that a static configuration makes, before it reads the dynamic one and listens. */
export interface Program {
  readonly control: ControlPlane;
  /** Besides the internal one. */
  readonly providers: readonly Provider[];
  readonly logger: Logger;
  /** Asks the API as a service of Sluice's own does. */
  readonly ask: AskControl;
  /** From now on ping says that the end is near. */
  terminate(): void;
  /** Opens the log files again, after they were moved away (SIGUSR1). */
  reopenLogs(): Promise<void>;
  /** Writes what the log still holds. */
  close(): Promise<void>;
}

export interface ProgramOptions {
  /** False: what is read is read once. */
  readonly watch: boolean;
  /** False: whatever is configured, everything runs in this thread. */
  readonly threads: boolean;
  /** Instead of the configured one. */
  readonly logger?: RootLogger;
  /** Besides those that are configured. */
  readonly providers?: (logger: Logger) => readonly Provider[];
  /** Stands around the loading of modules; where everything runs in this thread. */
  readonly modules?: (load: LoadModule) => LoadModule;
  /** Watch requests besides what is configured; where everything runs in this thread. */
  readonly observers?: readonly Observer[];
}

/** Rejects where a log file can't be opened, or where the static configuration can't work. */
export async function createProgram(
  runtime: Runtime,
  configuration: StaticConfiguration,
  options: ProgramOptions,
): Promise<Program> {
  const { log } = configuration;
  const { watch } = options;
  const logPath = log?.filePath ?? "";
  const logOptions = { ...log, noColor: log.noColor === true || !wantsColors(runtime) };
  // Where the log itself can't be written.
  const lastResort = createLogger(logOptions, runtime.stderr);
  const openLog = () => openLogFile(runtime, logPath, runtime.stdout, lastResort, log);
  let logFile = await openLog();
  const root = options.logger ?? createLogger(logOptions, logFile);
  const events = new Events();
  const logger = notingLogger(root, events);
  const workers = workerCount(runtime, configuration, options.threads);
  // The planes are made before the control plane that answers for them.
  let answer: AskControl | undefined;
  const askControl: AskControl = (request) => answer!(request);
  const telemetry = await Telemetry.create({
    runtime,
    configuration,
    logger: root,
    version: VERSION,
    push: watch,
  });
  let control: ControlPlane | undefined;
  const demand = (serverName: string) => control?.demand(serverName);
  const common = { configuration, logger, stdout: runtime.stdout, askControl, demand, telemetry };
  const planes: Planes =
    workers === 1
      ? await singlePlane({
          ...common,
          runtime,
          lastResort,
          modules: options.modules,
          observers: options.observers,
        })
      : new WorkerPlanes({
          ...common,
          runtime: { threads: runtime.threads!, exit: runtime.exit },
          workers,
          verdicts: () => control?.health ?? [],
        });
  if (telemetry.book !== null) telemetry.book.forgotten = (owners) => planes.forgetOwners(owners);
  const providers = [
    ...createProviders(configuration.providers, { runtime, logger, watch }),
    ...(options.providers?.(logger) ?? []),
  ];
  control = new ControlPlane({
    runtime,
    configuration,
    logger,
    providers,
    planes,
    telemetry,
    events,
    watch,
  });

  telemetry.resolvers = () => control.resolvers;
  const rest = providers.find((provider) => provider instanceof RestProvider);
  answer = createApi({
    configuration,
    runtime,
    put: rest && ((text) => rest.put(text)),
    status: control.status,
    down: () => control.servers,
    drain: (service, server, draining) => control.drain(service, server, draining),
    instances: () => control.instances,
    challenge: (request) => control.answerChallenge(request),
    resolvers: () => control.resolvers,
    purge: (middleware, what) => planes.purge(middleware, what),
    version: VERSION,
    startDate: new Date(),
    book: telemetry.book,
    events,
    scrape: () => telemetry.scrape(control.instances),
  });

  return {
    control,
    providers,
    logger,
    ask: askControl,
    terminate: () => planes.terminating(),
    async reopenLogs() {
      if (logPath !== "") {
        const before = logFile;
        logFile = await openLog();
        root.reopen(logFile);
        await before.close();
      }
      await planes.reopenLogs();
    },
    async close() {
      await telemetry.close();
      if (logPath !== "") await logFile.close();
    },
  };
}

/** `core.workers`; "auto" is what SLUICE_WORKERS says, or else the processors that there are. */
function workerCount(
  { threads, env }: Runtime,
  { core }: StaticConfiguration,
  wanted: boolean,
): number {
  if (!wanted || threads === undefined) return 1;
  const { workers = "auto" } = core ?? {};
  if (workers !== "auto") return workers;
  const given = env["SLUICE_WORKERS"] ?? "";
  if (given === "") return threads.cores;
  if (/^[1-9]\d{0,2}$/.test(given)) return Number(given);
  throw new Error(`SLUICE_WORKERS: expected a whole number from 1, found "${given}"`);
}
