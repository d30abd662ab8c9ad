import { validateDynamic } from "../../config/dynamic/validate.ts";
import { formatIssue } from "../../config/sources/document.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Files, Stop } from "../../net/runtime.ts";
import type { ProviderConfiguration } from "../../snapshot/provider-configuration.ts";
import { modulePaths, withModulePaths } from "../file/module-paths.ts";
import { moduleVersion } from "../file/module-version.ts";
import type { Provider } from "../provider.ts";

export interface MemoryProviderOptions {
  readonly name: string;
  /** A dynamic configuration as plain data, with Traefik's keys. */
  readonly configuration: unknown;
  /** What paths of modules are relative to, absolute. */
  readonly directory: string;
  /** Modules are loaded anew when their files change. */
  readonly watch: boolean;
}

/** Milliseconds until an editor that touches a file several times is done. */
const SETTLE_TIME = 50;

/** A configuration that the program itself made. What is wrong with it is logged, as with a file's. */
export class MemoryProvider implements Provider {
  readonly name: string;
  private readonly options: MemoryProviderOptions;
  private readonly files: Pick<Files, "read" | "watch">;
  private readonly logger: Logger;
  private readonly watched = new Map<string, Stop>();
  private emit: (configuration: ProviderConfiguration) => void = () => {};
  private versions = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    options: MemoryProviderOptions,
    files: Pick<Files, "read" | "watch">,
    logger: Logger,
  ) {
    this.name = options.name;
    this.options = options;
    this.files = files;
    this.logger = logger;
  }

  async start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    this.emit = emit;
    const { name, directory } = this.options;
    const { configuration, issues, disabled } = validateDynamic({
      source: name,
      value: this.options.configuration,
      locate: () => name,
    });
    for (const issue of issues) this.logger.error(formatIssue(issue), { providerName: name });
    const found = {
      provider: name,
      configuration: withModulePaths(configuration, directory),
      disabled,
    };
    await this.load(found);
    return () => {
      this.stopped = true;
      clearTimeout(this.timer);
      for (const stop of this.watched.values()) stop();
    };
  }

  private async load(found: ProviderConfiguration): Promise<void> {
    const moduleVersions: Record<string, string> = {};
    const directories = new Set<string>();
    for (const path of modulePaths(found.configuration))
      moduleVersions[path] = await moduleVersion(path, this.files, directories);
    if (this.stopped) return;
    if (this.options.watch) this.watch(directories, found);
    const versions = JSON.stringify(moduleVersions);
    if (versions === this.versions) return;
    this.versions = versions;
    this.emit({ ...found, moduleVersions });
  }

  private watch(directories: ReadonlySet<string>, found: ProviderConfiguration): void {
    const changed = () => {
      if (this.stopped) return;
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.running = this.running.then(() => this.load(found));
      }, SETTLE_TIME);
    };
    for (const directory of directories) {
      if (this.watched.has(directory)) continue;
      try {
        this.watched.set(directory, this.files.watch(directory, changed));
      } catch (error) {
        this.logger.error("Cannot watch a directory", { directory, error: messageOf(error) });
      }
    }
  }
}
