import type { Logger } from "../../core/logger.ts";
import type { Runtime, Stop } from "../../net/runtime.ts";
import { type ClientTlsConfiguration, readClientTls } from "../client-tls.ts";
import { watchLoop } from "../watch-loop.ts";
import { DockerEngine, type DockerEngineOptions } from "./docker-engine.ts";

export interface WatchedEngineOptions extends Omit<DockerEngineOptions, "tls"> {
  readonly tls?: ClientTlsConfiguration;
}

/**
 * Keeps an engine watched, as `watchLoop` does: each session has an engine of its own, with the
 * certificates that are in their files then. `role` is what the engine is for messages: "the Docker engine".
 */
export function watchEngine(
  role: string,
  options: WatchedEngineOptions,
  runtime: Pick<Runtime, "files" | "httpClient">,
  logger: Logger,
  session: (engine: DockerEngine, signal: AbortSignal, ready: () => void) => Promise<void>,
): Promise<Stop> {
  return watchLoop({
    logger,
    source: `${role} at ${options.endpoint}`,
    session: async (signal, ready) => {
      const tls = await readClientTls(options.tls, runtime.files);
      const engine = new DockerEngine({ ...options, tls }, runtime);
      try {
        await session(engine, signal, ready);
      } finally {
        engine.close();
      }
    },
  });
}
