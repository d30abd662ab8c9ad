import { type ReadStatic, readStatic } from "../config/load-static.ts";
import { formatIssue } from "../config/sources/document.ts";
import type { LogFields } from "../core/logger.ts";
import type { Runtime } from "../net/runtime.ts";
import { CheckReport } from "./check-report.ts";
import { withFileArgument } from "./command-line.ts";
import { type EmbeddedConfiguration, withEmbeddedFiles } from "./embedded-configuration.ts";
import { logFileProblems } from "./log-file-problems.ts";
import { ProblemLog, placeOf, problemLine } from "./problem-log.ts";
import { createProgram, type Program } from "./program.ts";
import { counted } from "./terminal/words.ts";
import { writtenPlace } from "./written-place.ts";

/**
 * Validates the whole configuration as a start would, static and dynamic, without listening or
 * watching. `check FILE` is `check --configFile=FILE`. Says everything that is wrong, a line for
 * each, and what counts for nothing; 1 where anything is wrong.
 */
export async function check(
  runtime: Runtime,
  args: readonly string[],
  embedded: EmbeddedConfiguration,
): Promise<number> {
  const found = await readStatic(runtime, withFileArgument(args), embedded);
  const { source } = found;
  const report = new CheckReport();
  for (const issue of found.issues) report.add("error", formatIssue(issue));
  for (const notice of found.notices) report.add(notice.level, formatIssue(notice));
  const files = source === embedded.file ? withEmbeddedFiles(runtime, embedded) : runtime;
  const counts = await checkDynamic(files, found, report);
  const text = `${[...report.lines(), report.summary(source, counts)].join("\n")}\n`;
  runtime.stdout.write(new TextEncoder().encode(text));
  return report.errors > 0 ? 1 : 0;
}

/** Loads what the static configuration, as far as it is right, leads to; says what there is. */
async function checkDynamic(
  runtime: Runtime,
  { configuration }: ReadStatic,
  report: CheckReport,
): Promise<string> {
  if (configuration === undefined) return "";
  for (const problem of await logFileProblems(runtime, configuration)) report.add("error", problem);
  const withoutLogs = { ...configuration, log: {}, accessLog: undefined };
  const logger = new ProblemLog();
  const program = await createProgram(runtime, withoutLogs as typeof configuration, {
    watch: false,
    threads: false,
    logger,
  });
  const { control } = program;
  await control.load();
  await control.shutdown();
  for (const { level, message, fields } of logger.problems) {
    const { retryIn, ...about } = fields;
    // What can't be reached now says nothing of the configuration; a start goes on trying.
    const judged = retryIn === undefined ? level : "warn";
    report.add(judged, inPlace(program, judged, message, about));
  }
  const { routers, services } = control.status.report;
  return `${counted(routers, "router")}, ${counted(services, "service")}`;
}

/** A problem as a line, with its place where its element stands in a file. */
function inPlace(
  { providers }: Program,
  level: "warn" | "error",
  message: string,
  fields: LogFields,
): string {
  const line = problemLine({ level, message, fields });
  if (placeOf(line) !== undefined) return line;
  const place = writtenPlace(message, fields, providers);
  return place === undefined ? line : `${place}: ${line}`;
}
