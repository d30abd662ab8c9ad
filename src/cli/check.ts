import { loadStatic } from "../config/load-static.ts";
import type { Runtime } from "../net/runtime.ts";
import { type EmbeddedConfiguration, withEmbeddedFiles } from "./embedded-configuration.ts";
import { createProgram } from "./program.ts";

/**
 * Validates the whole configuration as a start would, static and dynamic, without listening or
 * watching. Says everything that is wrong; 1 where anything is.
 */
export async function check(
  runtime: Runtime,
  args: readonly string[],
  embedded: EmbeddedConfiguration,
): Promise<number> {
  const { configuration, source } = await loadStatic(runtime, args, embedded);
  let complaints = 0;
  const report = {
    write(bytes: Uint8Array) {
      complaints++;
      runtime.stdout.write(bytes);
    },
    flush: () => runtime.stdout.flush(),
    close: async () => {},
  };
  // The program's own log says what is wrong; nothing else is logged at ERROR before it listens.
  const quiet = {
    ...configuration,
    log: { level: "ERROR", format: "common", noColor: true },
    accessLog: undefined,
  };
  const quietRuntime = Object.create(
    source === embedded.file ? withEmbeddedFiles(runtime, embedded) : runtime,
    { stdout: { value: report } },
  ) as Runtime;
  const { server } = await createProgram(quietRuntime, quiet as typeof configuration, false);
  await server.load();
  const graph = server.current;
  await server.shutdown();
  const say = (text: string) => runtime.stdout.write(new TextEncoder().encode(`${text}\n`));
  if (graph === null || complaints > 0) {
    say(`${source}: ${complaints} problem${complaints === 1 ? "" : "s"} found`);
    return 1;
  }
  say(`${source}: OK, ${graph.routers.size} routers, ${graph.services.size} services`);
  return 0;
}
