import { loadStatic } from "../config/load-static.ts";
import { formatIssue } from "../config/sources/document.ts";
import { messageOf } from "../core/errors.ts";
import { formatAddress } from "../net/address.ts";
import type { Runtime } from "../net/runtime.ts";
import { type EmbeddedConfiguration, withEmbeddedFiles } from "./embedded-configuration.ts";
import { createProgram, type Program } from "./program.ts";
import { stopSignal } from "./stop-signal.ts";
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
    { watch: true },
  );
  const { server, logger } = program;
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
  try {
    await server.load();
    await server.listen();
  } catch (error) {
    await server.shutdown();
    throw error;
  }
  for (const { name, address } of server.entryPoints)
    logger.info("Listening", { entryPointName: name, address: formatAddress(address!) });
  for (const { name, address } of server.udp.entryPoints)
    logger.info("Listening", { entryPointName: name, address: `${formatAddress(address!)}/udp` });
  runtime.onSignal("SIGUSR1", () => {
    program
      .reopenLogs()
      .catch((error: unknown) =>
        logger.error("Cannot reopen the log files", { error: messageOf(error) }),
      );
  });
  announce(program, performance.now() - started);
  await stopSignal(runtime);
  logger.info("Shutting down");
  program.terminate();
  await server.shutdown();
  logger.info("Shut down");
  await program.close();
  return 0;
}

function announce({ server, logger }: Program, elapsed: number): void {
  logger.info("Sluice is ready", {
    entryPoints: [...server.entryPoints, ...server.udp.entryPoints]
      .map((entryPoint) => entryPoint.name)
      .join(","),
    routers: server.routerCount,
    services: server.serviceCount,
    elapsed: `${Math.round(elapsed)}ms`,
  });
}
