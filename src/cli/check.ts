import { type ReadStatic, readStatic } from "../config/load-static.ts";
import { formatIssue } from "../config/sources/document.ts";
import type { Runtime } from "../net/runtime.ts";
import { type EmbeddedConfiguration, withEmbeddedFiles } from "./embedded-configuration.ts";
import { ProblemLog } from "./problem-log.ts";
import { createProgram } from "./program.ts";

/**
 * Validates the whole configuration as a start would, static and dynamic, without listening or
 * watching. Says everything that is wrong, a line for each; 1 where anything is.
 */
export async function check(
  runtime: Runtime,
  args: readonly string[],
  embedded: EmbeddedConfiguration,
): Promise<number> {
  const found = await readStatic(runtime, args, embedded);
  const { source } = found;
  const say = (text: string) => runtime.stdout.write(new TextEncoder().encode(`${text}\n`));
  const problems = new ProblemLog();
  for (const issue of found.issues) problems.error(formatIssue(issue));
  const files = source === embedded.file ? withEmbeddedFiles(runtime, embedded) : runtime;
  const counts = await checkDynamic(files, found, problems);
  for (const line of problems.lines) say(line);
  const { length } = problems.lines;
  if (length > 0) {
    say(`${source}: ${length} problem${length === 1 ? "" : "s"} found`);
    return 1;
  }
  say(`${source}: OK, ${counts}`);
  return 0;
}

/** Loads what the static configuration, as far as it is right, leads to; says what there is. */
async function checkDynamic(
  runtime: Runtime,
  { configuration }: ReadStatic,
  logger: ProblemLog,
): Promise<string> {
  if (configuration === undefined) return "";
  const withoutLogs = { ...configuration, log: {}, accessLog: undefined };
  const { control } = await createProgram(runtime, withoutLogs as typeof configuration, {
    watch: false,
    logger,
  });
  await control.load();
  await control.shutdown();
  const { routers, services } = control.status.report;
  return `${routers} routers, ${services} services`;
}
