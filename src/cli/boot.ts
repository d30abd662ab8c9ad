import { ConfigError } from "../config/sources/document.ts";
import { messageOf } from "../core/errors.ts";
import type { Runtime } from "../net/runtime.ts";
import { certificates } from "./certificates.ts";
import { check } from "./check.ts";
import { parseCommandLine } from "./command-line.ts";
import { dev } from "./dev/dev.ts";
import type { EmbeddedConfiguration } from "./embedded-configuration.ts";
import { explain } from "./explain/explain.ts";
import { healthcheck } from "./healthcheck.ts";
import { run } from "./run.ts";
import { HELP } from "./terminal/help.ts";
import { VERSION } from "./version.ts";

/** What the command line chose, after the program's name. */
type Command = (
  runtime: Runtime,
  args: readonly string[],
  embedded: EmbeddedConfiguration,
) => Promise<number>;

const COMMANDS: Record<string, Command> = {
  certificates,
  check,
  dev,
  explain,
  healthcheck,
  version: async (runtime) => {
    print(runtime, `sluice ${VERSION}\nruntime ${runtime.name} ${runtime.version}\n`);
    return 0;
  },
  help: async (runtime) => {
    print(runtime, HELP);
    return 0;
  },
};

/**
 * The program: runs the command that the arguments name (none: the router itself) and exits with
 * its code. What went wrong is said on standard error, one line for each thing; never a stack for
 * a mistake in the configuration.
 */
export async function boot(runtime: Runtime, embedded: EmbeddedConfiguration): Promise<void> {
  let code: number;
  try {
    const { command, args } = parseCommandLine(runtime.args, Object.keys(COMMANDS));
    code = await (command === "run" ? run : COMMANDS[command])(runtime, args, embedded);
  } catch (error) {
    complain(
      runtime,
      error instanceof ConfigError ? `${error.message}\n` : `${messageOf(error)}\n`,
    );
    code = 1;
  }
  await Promise.all([runtime.stdout.flush(), runtime.stderr.flush()]);
  runtime.exit(code);
}

function print(runtime: Runtime, text: string): void {
  runtime.stdout.write(new TextEncoder().encode(text));
}

function complain(runtime: Runtime, text: string): void {
  runtime.stderr.write(new TextEncoder().encode(text));
}
