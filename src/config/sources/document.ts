/** Keys and indexes from a configuration's root to a value. */
export type KeyPath = readonly (string | number)[];

/** One configuration as read from one source, with a way back to where each value stands. */
export interface ConfigDocument {
  /** A file's path, "flags" or "environment". */
  readonly source: string;
  /** Sections at the top that it doesn't know count for nothing, as in all of Traefik's files. */
  readonly ignoresUnknownSections?: boolean;
  /** What is to be said of how it was found. */
  readonly notices?: readonly ConfigNotice[];
  /** Plain JSON-like data: objects, arrays, strings, numbers, booleans, null. */
  readonly value: unknown;
  /** Where the key at `path` stands: "traefik.yml:3:5", "--entryPoints.web.address" or "TRAEFIK_ENTRYPOINTS_WEB_ADDRESS". */
  locate(path: KeyPath): string;
}

/** One thing that is wrong in a configuration. */
export interface ConfigIssue {
  readonly path: KeyPath;
  /** From `ConfigDocument.locate`. */
  readonly where: string;
  /** What was found, what was expected, and the nearest known key where one is meant. */
  readonly message: string;
}

/** Something that counts for nothing, or not as it is written. The start goes on, as Traefik's does. */
export interface ConfigNotice extends ConfigIssue {
  /** "error" where what was asked for is missing from what runs. */
  readonly level: "warn" | "error";
}

/** Refuses a configuration as a whole. `message` has one line for each issue. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    super(issues.map(formatIssue).join("\n"));
    this.issues = issues;
  }
}

/** `where: path: message`, the one spelling of an issue in logs and on the command line. */
export function formatIssue(issue: ConfigIssue): string {
  const path = issue.path.map(String).join(".");
  return path === ""
    ? `${issue.where}: ${issue.message}`
    : `${issue.where}: ${path}: ${issue.message}`;
}
