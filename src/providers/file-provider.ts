import { ConfigError, type ConfigIssue, formatIssue } from "../config/document.ts";
import { validateDynamic } from "../config/dynamic/validate.ts";
import { parseFile } from "../config/parse-file.ts";
import { messageOf } from "../core/errors.ts";
import type { Files, Stop } from "../net/runtime.ts";
import type { Logger } from "../observability/logger.ts";
import { mergeConfigurations } from "./merge.ts";
import { absolutePath, withModulePaths } from "./module-paths.ts";
import type { Provider, ProviderConfiguration } from "./provider.ts";

export interface FileProviderOptions {
  /** One file; or else a directory, read with everything below it. */
  readonly filename?: string;
  readonly directory?: string;
  readonly watch: boolean;
  /** What relative paths are relative to: the process's working directory, absolute. */
  readonly cwd: string;
}

/** Editors and volume mounts touch a file several times: wait for them to be done. Milliseconds. */
const SETTLE_TIME = 50;
const MAX_DEPTH = 16;
const EXTENSIONS = /\.(ya?ml|toml|json)$/i;

/**
 * Traefik's file provider. Watches directories, not files, so that a rename over the file (as
 * editors do) or an exchanged symbolic link (as Kubernetes does) is seen like a write. A file that
 * can't be read or parsed is logged with its errors and nothing is emitted.
 */
export class FileProvider implements Provider {
  readonly name = "file";
  private readonly options: FileProviderOptions;
  private readonly files: Files;
  private readonly logger: Logger;
  private readonly watched = new Map<string, Stop>();
  private emit: (configuration: ProviderConfiguration) => void = () => {};
  private last = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private loading = false;
  private again = false;
  private stopped = false;

  constructor(options: FileProviderOptions, files: Files, logger: Logger) {
    this.options = options;
    this.files = files;
    this.logger = logger;
  }

  async start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    this.emit = emit;
    await this.load();
    return () => {
      this.stopped = true;
      clearTimeout(this.timer);
      for (const stop of this.watched.values()) stop();
    };
  }

  private changed(): void {
    if (this.timer !== undefined || this.stopped) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.load();
    }, SETTLE_TIME);
  }

  private async load(): Promise<void> {
    if (this.loading) {
      this.again = true;
      return;
    }
    this.loading = true;
    try {
      do {
        this.again = false;
        await this.loadOnce();
      } while (this.again && !this.stopped);
    } finally {
      this.loading = false;
    }
  }

  private async loadOnce(): Promise<void> {
    const directories = new Set<string>();
    try {
      const names = await this.findFiles(directories);
      const texts: [string, string][] = [];
      for (const name of names)
        texts.push([name, new TextDecoder().decode(await this.files.read(name))]);
      const content = JSON.stringify(texts);
      if (content === this.last) return;
      this.last = content;
      this.emit(this.parse(texts));
    } catch (error) {
      if (error instanceof ConfigError) this.report(error.issues);
      else
        this.logger.error("Cannot read the file provider's configuration", {
          error: messageOf(error),
        });
    } finally {
      if (this.options.watch && !this.stopped) this.watch(directories);
    }
  }

  private parse(texts: readonly [string, string][]): ProviderConfiguration {
    const parts = texts.map(([name, text]) => {
      const { configuration, issues, disabled } = validateDynamic(parseFile(text, name));
      this.report(issues);
      const directory = absolutePath(parentOf(name), this.options.cwd);
      return { source: name, configuration: withModulePaths(configuration, directory), disabled };
    });
    const { configuration, disabled, conflicts } = mergeConfigurations(parts);
    for (const conflict of conflicts) this.logger.warn(conflict, { providerName: this.name });
    return { provider: this.name, configuration, disabled };
  }

  private report(issues: readonly ConfigIssue[]): void {
    for (const issue of issues) this.logger.error(formatIssue(issue), { providerName: this.name });
  }

  /** All configuration files in a stable order; notes the directories that a change would show in. */
  private async findFiles(directories: Set<string>): Promise<string[]> {
    const { filename, directory } = this.options;
    if (filename !== undefined && filename !== "") {
      directories.add(parentOf(filename));
      return [filename];
    }
    const found: string[] = [];
    if (directory !== undefined) await this.walk(directory, found, directories, 0);
    return found;
  }

  private async walk(
    directory: string,
    found: string[],
    directories: Set<string>,
    depth: number,
  ): Promise<void> {
    if (depth > MAX_DEPTH)
      throw new Error(`${directory}: nested deeper than ${MAX_DEPTH} directories`);
    directories.add(directory);
    for (const name of await this.files.list(directory)) {
      // Kubernetes keeps the real files in hidden directories and links to them.
      if (name.startsWith(".")) continue;
      const path = `${directory}/${name}`;
      const info = await this.files.info(path);
      if (info?.isDirectory) await this.walk(path, found, directories, depth + 1);
      else if (info?.isFile && EXTENSIONS.test(name)) found.push(path);
    }
  }

  private watch(directories: ReadonlySet<string>): void {
    for (const [directory, stop] of this.watched) {
      if (directories.has(directory)) continue;
      stop();
      this.watched.delete(directory);
    }
    for (const directory of directories) {
      if (this.watched.has(directory)) continue;
      try {
        this.watched.set(
          directory,
          this.files.watch(directory, () => this.changed()),
        );
      } catch (error) {
        this.logger.error("Cannot watch a directory", { directory, error: messageOf(error) });
      }
    }
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}
