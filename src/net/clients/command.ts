/** A program that is run to its end, without a shell. */
export interface Command {
  /** A path, or a name that is looked for in PATH. */
  readonly program: string;
  readonly args: readonly string[];
  /** Ends the program (SIGTERM), and `runCommand` rejects with the reason. */
  readonly signal?: AbortSignal;
}

/** What became of it. */
export interface CommandResult {
  /** Its exit code; -1 where a signal ended it. */
  readonly code: number;
  /** What it wrote, each at most 64 KiB. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects where the program can't be started, where it writes too much, and where the signal fires. */
export type RunCommand = (command: Command) => Promise<CommandResult>;
