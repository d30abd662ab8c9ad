import type { CertificateState } from "../acme/resolver/resolver-state.ts";
import { certificatesOf } from "../api/certificates.ts";
import { readStatic } from "../config/load-static.ts";
import { formatIssue } from "../config/sources/document.ts";
import type { Runtime } from "../net/runtime.ts";
import { withFileArgument } from "./command-line.ts";
import type { EmbeddedConfiguration } from "./embedded-configuration.ts";
import { ProblemLog } from "./problem-log.ts";
import { createProgram } from "./program.ts";

/** A line of the list; times in milliseconds since the epoch. */
interface Row {
  /** The resolver's name; "" for certificates that are configured. */
  readonly source: string;
  readonly names: readonly string[];
  /** Undefined where there is none yet. */
  readonly until: number | undefined;
  readonly failure: CertificateState["failure"];
}

const DAY = 86_400_000;

/**
 * Lists the certificates that a start would serve, those of resolvers with what their last order
 * failed for. It orders nothing and asks nothing of a running Sluice. `certificates FILE` is
 * `certificates --configFile=FILE`. 1 where one has expired or can't be had.
 */
export async function certificates(
  runtime: Runtime,
  args: readonly string[],
  embedded: EmbeddedConfiguration,
): Promise<number> {
  const { configuration, issues } = await readStatic(runtime, withFileArgument(args), embedded);
  if (configuration === undefined) throw new Error(issues.map(formatIssue).join("\n"));
  const withoutLogs = { ...configuration, log: {}, accessLog: undefined };
  const { control } = await createProgram(runtime, withoutLogs as typeof configuration, {
    watch: false,
    threads: false,
    logger: new ProblemLog(),
  });
  await control.load();
  await control.shutdown();
  const states = control.resolvers.flatMap(({ certificates }) => certificates);
  const resolved = states.map(
    ({ resolver, names, facts, failure }): Row => ({
      source: resolver,
      names,
      until: facts?.notAfter,
      failure,
    }),
  );
  const known = new Set(states.map(({ facts }) => facts?.serial));
  const { snapshot } = control.status;
  const listed = snapshot === undefined ? [] : await certificatesOf(snapshot, Date.now());
  const configured = listed
    .filter(({ shown }) => !known.has(shown.serialNumber))
    .map(
      ({ shown, names }): Row => ({
        source: "",
        names,
        until: Date.parse(shown.notAfter),
        failure: undefined,
      }),
    );
  const rows = [...resolved, ...configured].sort(
    (a, b) => (a.until ?? 0) - (b.until ?? 0) || (a.names[0] < b.names[0] ? -1 : 1),
  );
  runtime.stdout.write(new TextEncoder().encode(certificateTable(rows, Date.now())));
  const isWrong = ({ until, failure }: Row) => failure !== undefined || (until ?? 0) < Date.now();
  return rows.some(isWrong) ? 1 : 0;
}

/** What ends first, and what isn't there yet, stands on top. */
export function certificateTable(rows: readonly Row[], now: number): string {
  if (rows.length === 0) return "no certificates\n";
  const cells = rows.map(({ source, names, until }) => [
    until === undefined ? "-" : new Date(until).toISOString().slice(0, 10),
    until === undefined ? "not there yet" : lifeLeft(until - now),
    source === "" ? "configured" : source,
    names.join(", "),
  ]);
  const widths = [0, 1, 2].map((i) => Math.max(...cells.map((row) => row[i].length)));
  const lines = rows.flatMap(({ failure }, i) => {
    const [until, left, source, names] = cells[i];
    const columns = [until, left, source].map((cell, j) => cell.padEnd(widths[j]));
    return [[...columns, names].join("  "), ...failureLines(failure, now)];
  });
  return `${lines.join("\n")}\n`;
}

function failureLines(failure: Row["failure"], now: number): string[] {
  if (failure === undefined) return [];
  const { error, at, nextTry, tries } = failure;
  const times = tries === 1 ? "once" : `${tries} times`;
  const last = new Date(at).toISOString().slice(0, 19);
  const next = nextTry <= now ? "now" : `at ${new Date(nextTry).toISOString().slice(0, 19)}Z`;
  return [`    failed ${times}, last at ${last}Z, tried again ${next}: ${error}`];
}

function lifeLeft(milliseconds: number): string {
  if (milliseconds < 0) return "expired";
  const days = Math.floor(milliseconds / DAY);
  if (days > 1) return `${days} days`;
  return `${Math.floor(milliseconds / 3_600_000)} hours`;
}
