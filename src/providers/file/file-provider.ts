import type { ValidatedDynamic } from "../../config/dynamic/validate.ts";
import { decodeText } from "../../config/sources/decode-text.ts";
import {
  type ConfigDocument,
  ConfigError,
  type ConfigIssue,
  type ConfigNotice,
  formatIssue,
} from "../../config/sources/document.ts";
import { parseTemplatedFile, renderFile } from "../../config/sources/parse-templated-file.ts";
import { hasActions } from "../../config/template/template.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Pieces } from "../../core/pieces.ts";
import type { Files, Runtime, Stop } from "../../net/runtime.ts";
import type { ProviderConfiguration } from "../../snapshot/provider-configuration.ts";
import type { Provider, ProviderFactory } from "../provider.ts";
import { type DynamicFile, DynamicFileUnpacker, readDynamicFile } from "./dynamic-file.ts";
import { type ConfigurationPart, mergeConfigurations } from "./merge.ts";
import { absolutePath, modulePaths, withModulePaths } from "./module-paths.ts";
import { moduleVersion } from "./module-version.ts";

export interface FileProviderOptions {
  /** One file; or else a directory, read with everything below it. */
  readonly filename?: string;
  readonly directory?: string;
  readonly watch: boolean;
  /** What relative paths are relative to: the process's working directory, absolute. */
  readonly cwd: string;
  /** What templates see of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What templates make is logged, at the level DEBUG. */
  readonly logsTemplates?: boolean;
  /** Reads what is large; without it everything is read in this thread. */
  readonly inWorker?: Runtime["inWorker"];
}

/** The provider that the static configuration describes. */
export const fileProvider: ProviderFactory<"file"> = (
  { filename, directory, watch, debugLogGeneratedTemplate },
  { runtime, logger, watch: mayWatch },
) =>
  new FileProvider(
    {
      filename,
      directory,
      watch: mayWatch && watch,
      cwd: runtime.cwd,
      env: runtime.env,
      logsTemplates: debugLogGeneratedTemplate,
      inWorker: (task, input) => runtime.inWorker(task, input),
    },
    runtime.files,
    logger,
  );

/** Editors and volume mounts touch a file several times: wait for them to be done. Milliseconds. */
const SETTLE_TIME = 50;
/** How long a file that was emptied is given to be filled again, in milliseconds. */
const EMPTIED_TIME = 250;
const MAX_DEPTH = 16;
/** Characters in all files together; parsing so many takes about 20 ms. */
const LARGE = 32 * 1024;
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
  private last: readonly DynamicFile[] | undefined;
  /** For `locate`. */
  private readonly documents = new WeakMap<DynamicFile, ConfigDocument>();
  /** By the files' names; what is the same in a file's next version is not parsed again. */
  private readonly unpackers = new Map<string, DynamicFileUnpacker>();
  /** What the last good texts say. */
  private parsed: ProviderConfiguration | undefined;
  /** Of the modules that it names; a changed module makes another configuration. */
  private versions = "";
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

  locate(path: readonly string[]): string | undefined {
    for (const file of this.last ?? []) {
      let document = this.documents.get(file);
      if (document === undefined) {
        document = parseTemplatedFile(file);
        this.documents.set(file, document);
      }
      if (hasElement(document.value, path.slice(0, ELEMENT_DEPTH))) return document.locate(path);
    }
    return undefined;
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
      const texts = await this.readAll(names);
      const before = this.parsed;
      if (!sameTexts(texts, this.last)) {
        this.last = texts;
        this.parsed = await this.parse(texts);
      }
      if (this.parsed === undefined) return;
      const moduleVersions = await this.versionsOfModules(this.parsed, directories);
      const versions = JSON.stringify(moduleVersions);
      if (this.parsed === before && versions === this.versions) return;
      this.versions = versions;
      this.emit({ ...this.parsed, moduleVersions });
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

  private async readAll(names: readonly string[]): Promise<DynamicFile[]> {
    const texts: DynamicFile[] = [];
    for (const name of names) {
      const text = await this.readText(name);
      // An acme.json may lie beside, which Traefik makes without anything in it.
      if (text.trim() === "" && /\.json$/i.test(name) && this.isOfDirectory) continue;
      texts.push(hasActions(text) ? { name, text, env: { ...this.options.env } } : { name, text });
    }
    return texts;
  }

  private get isOfDirectory(): boolean {
    return (this.options.filename ?? "") === "";
  }

  /** One that has just become empty is read again: who writes in place begins by emptying. */
  private async readText(name: string): Promise<string> {
    const text = decodeText(await this.files.read(name), name);
    const before = this.last?.find((file) => file.name === name)?.text ?? "";
    if (text.trim() !== "" || before.trim() === "") return text;
    await new Promise((resolve) => setTimeout(resolve, EMPTIED_TIME));
    return decodeText(await this.files.read(name), name);
  }

  private async versionsOfModules(
    { configuration }: ProviderConfiguration,
    directories: Set<string>,
  ): Promise<Record<string, string>> {
    const moduleVersions: Record<string, string> = {};
    for (const path of modulePaths(configuration)) {
      moduleVersions[path] = await moduleVersion(path, this.files, directories);
    }
    return moduleVersions;
  }

  private async parse(texts: readonly DynamicFile[]): Promise<ProviderConfiguration> {
    const parts: ConfigurationPart[] = [];
    const names = new Set(texts.map(({ name }) => name));
    for (const name of this.unpackers.keys()) if (!names.has(name)) this.unpackers.delete(name);
    const large = texts.reduce((sum, { text }) => sum + text.length, 0) >= LARGE;
    for (const file of texts) {
      const { configuration, issues, disabled, notices } = await this.read(file, large);
      this.report(issues);
      this.reportNotices(notices);
      const { name } = file;
      const directory = absolutePath(parentOf(name), this.options.cwd);
      parts.push({
        source: name,
        configuration: withModulePaths(configuration, directory),
        disabled,
      });
    }
    const { configuration, disabled, conflicts } = mergeConfigurations(parts);
    for (const conflict of conflicts) this.warn(conflict);
    return { provider: this.name, configuration, disabled };
  }

  /** What is large, or may become so as a template, is read by a worker. */
  private async read(file: DynamicFile, large: boolean): Promise<ValidatedDynamic> {
    const { inWorker, logsTemplates } = this.options;
    if (logsTemplates === true) this.logTemplate(file);
    if (inWorker === undefined || (!large && file.env === undefined)) return readDynamicFile(file);
    const pieces = (await inWorker("read-dynamic-file", file)) as Pieces;
    const unpacker = this.unpackers.get(file.name) ?? new DynamicFileUnpacker();
    this.unpackers.set(file.name, unpacker);
    return unpacker.unpack(pieces);
  }

  private logTemplate(file: DynamicFile): void {
    const rendered = renderFile(file);
    if (rendered === undefined) return;
    this.logger.debug("The template made this configuration", {
      providerName: this.name,
      file: file.name,
      configuration: rendered.text,
    });
  }

  private report(issues: readonly ConfigIssue[]): void {
    for (const issue of issues) this.logger.error(formatIssue(issue), { providerName: this.name });
  }

  private reportNotices(notices: readonly ConfigNotice[]): void {
    for (const notice of notices)
      this.logger[notice.level](formatIssue(notice), { providerName: this.name });
  }

  /** All configuration files in a stable order; notes the directories that a change would show in. */
  private async findFiles(directories: Set<string>): Promise<string[]> {
    const { filename, directory } = this.options;
    if (filename !== undefined && filename !== "") {
      directories.add(parentOf(filename));
      return [filename];
    }
    const found: string[] = [];
    if (directory !== undefined) await this.walk(directory, found, directories, []);
    return found;
  }

  /** `above` are the identities of the directories that lead here. */
  private async walk(
    directory: string,
    found: string[],
    directories: Set<string>,
    above: readonly (string | undefined)[],
  ): Promise<void> {
    const { identity } = (await this.files.info(directory)) ?? {};
    if (identity !== undefined && above.includes(identity)) {
      this.warn(
        `${directory}: expected a directory of its own, found a link to one above it; it is skipped`,
      );
      return;
    }
    if (above.length > MAX_DEPTH)
      throw new Error(`${directory}: nested deeper than ${MAX_DEPTH} directories`);
    directories.add(directory);
    for (const name of await this.files.list(directory)) {
      // Kubernetes keeps the real files in hidden directories and links to them.
      if (name.startsWith(".")) continue;
      const path = `${directory}/${name}`;
      const info = await this.files.info(path);
      if (info?.isDirectory) await this.walk(path, found, directories, [...above, identity]);
      else if (info?.isFile && EXTENSIONS.test(name)) found.push(path);
    }
  }

  private warn(message: string): void {
    this.logger.warn(message, { providerName: this.name });
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

/** Plane, section and name. */
const ELEMENT_DEPTH = 3;

/** Planes and sections are written in any case, names are not. */
function hasElement(value: unknown, path: readonly string[]): boolean {
  let at = value;
  for (const [depth, step] of path.entries()) {
    if (typeof at !== "object" || at === null) return false;
    const entry = Object.entries(at).find(([key]) =>
      depth === ELEMENT_DEPTH - 1 ? key === step : key.toLowerCase() === step.toLowerCase(),
    );
    if (entry === undefined) return false;
    at = entry[1];
  }
  return true;
}

function sameTexts(
  files: readonly DynamicFile[],
  before: readonly DynamicFile[] | undefined,
): boolean {
  return (
    files.length === before?.length &&
    files.every(({ name, text }, i) => name === before[i].name && text === before[i].text)
  );
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}
