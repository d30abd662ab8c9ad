import { nearest } from "../config/nearest.ts";

/** A command and what is behind it on the command line. */
export interface CommandLine {
  /** "run" where no command is named. */
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * Reads the arguments: a command's name, or flags for the router itself. `--help`, `-h`, `--version`
 * and `-v` stand for commands. Throws where the first word is no command, with the one that may be meant.
 */
export function parseCommandLine(
  args: readonly string[],
  commands: readonly string[],
): CommandLine {
  const [first, ...rest] = args;
  if (args.some((arg) => arg === "--help" || arg === "-h")) return { command: "help", args: rest };
  if (args.length === 1 && (first === "--version" || first === "-v"))
    return { command: "version", args: [] };
  if (first === undefined || first.startsWith("-")) return { command: "run", args };
  if (commands.includes(first)) return { command: first, args: rest };
  const guess = nearest(first, commands);
  const isFile = /\.(?:ya?ml|toml|json)$/i.test(first);
  const meant = isFile ? `--configFile=${first}` : guess;
  throw new Error(
    `unknown command "${first}"${meant === undefined ? "" : `, did you mean "${meant}"?`}\n` +
      `expected one of ${commands.join(", ")}, or flags, which start the router`,
  );
}

/**
 * The arguments of a command that takes a configuration's file as a plain word, `check FILE`, with
 * the word as --configFile. Throws where there are several.
 */
export function withFileArgument(args: readonly string[]): readonly string[] {
  const isFlag = (index: number) =>
    args[index].startsWith("-") || /^--?configfile$/i.test(args[index - 1] ?? "");
  const words = args.filter((_, index) => !isFlag(index));
  if (words.length > 1) throw new Error(`expected one file, found ${words.join(" and ")}`);
  if (words.length === 0) return args;
  return [`--configFile=${words[0]}`, ...args.filter((arg) => arg !== words[0])];
}
