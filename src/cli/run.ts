import { loadStatic } from "../config/load-static.ts";
import { formatIssue } from "../config/sources/document.ts";
import { messageOf } from "../core/errors.ts";
import { formatAddress } from "../net/address.ts";
import type { Runtime } from "../net/runtime.ts";
import type { Listening } from "../server/data-plane.ts";
import { type EmbeddedConfiguration, withEmbeddedFiles } from "./embedded-configuration.ts";
import { createProgram, type Program } from "./program.ts";
import { stopSignal } from "./stop-signal.ts";
import { greeting } from "./terminal/greeting.ts";
import { VERSION } from "./version.ts";

/** Starts the router and resolves when a signal has shut it down, with the exit code. */
export async function run(
  runtime: Runtime,
  args: readonly string[],
  embedded: EmbeddedConfiguration,
): Promise<number> {
  const started = performance.now();
  const { configuration, source, notices } = await loadStatic(runtime, args, embedded);
  const shipped = source === embedded.file;
  const program = await createProgram(
    shipped ? withEmbeddedFiles(runtime, embedded) : runtime,
    configuration,
    { watch: true, threads: true },
  );
  const { control, logger } = program;
  let listening: readonly Listening[];
  // A module of the user's may leave a timer or a promise behind: that must not end the router.
  runtime.onUncaught((error) =>
    logger.error("An error that nobody caught", {
      error: messageOf(error),
      stack: error instanceof Error ? error.stack : undefined,
    }),
  );
  logger.info("Starting Sluice", {
    version: VERSION,
    runtime: `${runtime.name} ${runtime.version}`,
    configuration: source,
  });
  for (const notice of notices) logger[notice.level](formatIssue(notice));
  // From now on: with several workers the first one serves before all of them do.
  const stopping = stopSignal(runtime);
  try {
    await control.load();
    listening = await control.listen();
  } catch (error) {
    await control.shutdown();
    throw error;
  }
  for (const { entryPoint, network, address } of listening) {
    const suffix = network === "udp" ? "/udp" : "";
    logger.info("Listening", {
      entryPointName: entryPoint,
      address: formatAddress(address) + suffix,
    });
  }
  runtime.onSignal("SIGUSR1", () => {
    program
      .reopenLogs()
      .catch((error: unknown) =>
        logger.error("Cannot reopen the log files", { error: messageOf(error) }),
      );
  });
  announce(program, listening, performance.now() - started);
  if (runtime.isTerminal) {
    const text = greeting(configuration, listening, control.status.report);
    runtime.stdout.write(new TextEncoder().encode(text));
  }
  await stopping;
  logger.info("Shutting down");
  program.terminate();
  await control.shutdown();
  logger.info("Shut down");
  await program.close();
  return 0;
}

function announce(
  { control, logger }: Program,
  listening: readonly Listening[],
  elapsed: number,
): void {
  const { routers, services } = control.status.report;
  logger.info("Sluice is ready", {
    entryPoints: listening.map(({ entryPoint }) => entryPoint).join(","),
    routers,
    services,
    elapsed: `${Math.round(elapsed)}ms`,
  });
}
