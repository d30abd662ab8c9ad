import type { TlsConfiguration } from "../config/dynamic/tls.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Runtime } from "../net/runtime.ts";
import { certificateFiles } from "../tls/certificate-files.ts";
import { readPem } from "../tls/read-pem.ts";
import { type TlsError, TlsManager } from "../tls/tls-manager.ts";
import { FileWatch } from "./file-watch.ts";

export interface CertificatesOptions {
  readonly runtime: Pick<Runtime, "files" | "serverTls">;
  readonly logger: Logger;
  /** Files have changed: this is what they say together with the last configuration that was loaded. */
  readonly changed: (manager: TlsManager) => void;
}

/** What a configuration says of TLS. */
export interface TlsSource {
  readonly configuration: TlsConfiguration;
  /** Sets of options that had errors, by name with the reason. */
  readonly invalidOptions: Readonly<Record<string, string>>;
}

/**
 * The present certificates and TLS options: made from each configuration, and made again when a file
 * that they were read from changes, without a reload of anything else.
 */
export class Certificates {
  private readonly options: CertificatesOptions;
  private readonly watch: FileWatch;
  private source: TlsSource | null = null;
  /** What was made last; undefined before the first configuration. */
  private manager: TlsManager | undefined;
  /** A configuration and a changed file may come together: one after the other. */
  private queue: Promise<unknown> = Promise.resolve();

  constructor(options: CertificatesOptions) {
    const { runtime, logger } = options;
    this.options = options;
    this.watch = new FileWatch({
      files: runtime.files,
      changed: () => void this.reload(),
      failed: (directory, error) =>
        logger.warn("Cannot watch certificates", { path: directory, error }),
    });
  }

  /** Never rejects: what is wrong is logged, and refuses the connections that it concerns. */
  load(source: TlsSource): Promise<TlsManager> {
    this.source = source;
    const loaded = this.queue.then(() => this.create(source));
    this.queue = loaded.catch(() => {});
    return loaded;
  }

  /** Made of the last configuration that was loaded, and of what its files had last. */
  get current(): TlsManager {
    return this.manager!;
  }

  private async create(source: TlsSource): Promise<TlsManager> {
    await this.watch.watch(certificateFiles(source.configuration));
    const { manager, errors } = await TlsManager.create(source.configuration, {
      runtime: this.options.runtime,
      readPem: (textOrPath) => readPem(this.options.runtime.files, textOrPath),
      previous: this.manager,
      invalidOptions: source.invalidOptions,
    });
    this.manager = manager;
    for (const error of errors) this.report(error);
    return manager;
  }

  private async reload(): Promise<void> {
    try {
      const manager = await this.load(this.source!);
      this.options.logger.info("Certificates have been read again");
      if (manager === this.manager) this.options.changed(manager);
    } catch (error) {
      this.options.logger.error("Certificates could not be read again, the last ones go on", {
        error: messageOf(error),
      });
    }
  }

  private report({ kind, name, message }: TlsError): void {
    const what = { certificate: "tlsCertificate", options: "tlsOptions", store: "tlsStore" }[kind];
    this.options.logger.error(message, { [`${what}Name`]: name });
  }

  stop(): void {
    this.watch.stop();
  }
}
