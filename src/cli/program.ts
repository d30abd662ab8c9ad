import { noopHandler, pingHandler } from "../api/internal.ts";
import { whoami } from "../api/whoami.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import type { Logger } from "../core/logger.ts";
import type { Handler } from "../http/handler.ts";
import type { AppendFile, Runtime } from "../net/runtime.ts";
import { FileProvider } from "../providers/file-provider.ts";
import type { Provider } from "../providers/provider.ts";
import { Server } from "../server/server.ts";
import { fetchHandlerService } from "../services/http/fetch-handler.ts";
import { AccessLog, accessLogObserver } from "../telemetry/access-log/access-log.ts";
import { createLogger, type RootLogger } from "../telemetry/logger.ts";

/** What `addInternals` is about; whoami is there to be tried. */
const INTERNALS: ReadonlySet<string> = new Set(["noop@internal", "ping@internal"]);

/** Everything that a static configuration makes, before it reads the dynamic one and listens. */
export interface Program {
  readonly server: Server;
  readonly logger: Logger;
  /** From now on ping says that the end is near. */
  terminate(): void;
  /** Opens the log files again, after they were moved away (SIGUSR1). */
  reopenLogs(): Promise<void>;
  /** Writes what the logs still hold. */
  close(): Promise<void>;
}

export interface ProgramOptions {
  /** False: providers read once. */
  readonly watch: boolean;
  /** Instead of the configured one. */
  readonly logger?: RootLogger;
}

/** Rejects where a log file can't be opened, or where the static configuration can't work. */
export async function createProgram(
  runtime: Runtime,
  configuration: StaticConfiguration,
  options: ProgramOptions,
): Promise<Program> {
  const { log, accessLog: accessLogOptions, ping } = configuration;
  const logPath = log?.filePath ?? "";
  const accessLogPath = accessLogOptions?.filePath ?? "";
  const logOptions = { ...log, noColor: log.noColor === true || wantsNoColor(runtime) };
  // Where the log itself can't be written.
  const lastResort = createLogger(logOptions, runtime.stderr);
  const openOwnLog = () => openLog(runtime, logPath, lastResort);
  let logFile = await openOwnLog();
  const logger = options.logger ?? createLogger(logOptions, logFile);
  const openAccessLog = () =>
    openLog(runtime, accessLogPath, accessLogPath === "" ? lastResort : logger);
  let accessLogFile = await openAccessLog();
  const accessLog =
    accessLogOptions === undefined ? null : new AccessLog(accessLogOptions, accessLogFile);

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
  const server = new Server({
    runtime,
    configuration,
    logger,
    accessLog,
    providers: providersOf(configuration, runtime, logger, options.watch),
    internalServices,
    observers:
      accessLog === null
        ? []
        : [accessLogObserver(accessLog, accessLogOptions?.addInternals === true)],
    internals: INTERNALS,
    loadModule: async (path, version) => {
      const info = await runtime.files.info(path);
      if (info?.isFile !== true) throw new Error(`module ${path}: there is no such file`);
      return fetchHandlerService(await runtime.importModule(path, version), { name: path, logger });
    },
  });

  return {
    server,
    logger,
    terminate() {
      terminating = true;
    },
    async reopenLogs() {
      if (logPath !== "") {
        const before = logFile;
        logFile = await openOwnLog();
        logger.reopen(logFile);
        await before.close();
      }
      if (accessLog !== null && accessLogPath !== "") {
        const before = accessLogFile;
        accessLogFile = await openAccessLog();
        accessLog.reopen(accessLogFile);
        await before.close();
      }
    },
    async close() {
      if (accessLogPath !== "") await accessLogFile.close();
      if (logPath !== "") await logFile.close();
    },
  };
}

/** https://no-color.org */
function wantsNoColor(runtime: Runtime): boolean {
  return (runtime.env["NO_COLOR"] ?? "") !== "";
}

/** Standard output where no file is named. Trouble with it costs lines and is said once, to `logger`. */
async function openLog(runtime: Runtime, path: string, logger: Logger): Promise<AppendFile> {
  const file = path === "" ? runtime.stdout : await runtime.files.append(path);
  const filePath = path === "" ? "standard output" : path;
  file.onTrouble = (error) => {
    if (error === null) logger.warn("A log can be written again", { filePath });
    else logger.error("Cannot write a log: its lines are lost", { filePath, error });
  };
  return file;
}

function providersOf(
  configuration: StaticConfiguration,
  runtime: Runtime,
  logger: Logger,
  watch: boolean,
): Provider[] {
  const { file } = configuration.providers;
  if (file === undefined) return [];
  return [
    new FileProvider(
      {
        filename: file.filename,
        directory: file.directory,
        watch: watch && file.watch,
        cwd: runtime.cwd,
        inWorker: (task, input) => runtime.inWorker(task, input),
      },
      runtime.files,
      logger,
    ),
  ];
}
