import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Files } from "../net/runtime.ts";
import type { PemFile, PemTable } from "../snapshot/pem-table.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { readFromTable } from "../tls/pem-reader.ts";
import { pemPath, readPem } from "../tls/read-pem.ts";
import { readServerCertificate } from "../tls/server-certificate.ts";
import { generateDefaultCertificate } from "../tls/x509/self-signed.ts";
import { FileWatch } from "./file-watch.ts";
import {
  type NamedPair,
  type NamingFiles,
  namedFiles,
  namedPairs,
  type StaticNamingFiles,
} from "./named-files.ts";

export interface PemFilesOptions {
  readonly files: Files;
  readonly configuration: StaticNamingFiles;
  readonly logger: Logger;
  /** False: files are read once. */
  readonly watch: boolean;
  /** A file that the last snapshot names has changed. */
  readonly changed: () => void;
}

/** What a snapshot has of certificates. */
export type PemPart = Required<Pick<Snapshot, "pems" | "generatedCertificate">>;

/** The texts of a certificate and its key that belong together. */
interface GoodPair {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Reads the files that configurations name for certificates, keys and CAs, and watches them. A
 * certificate that can't be used any more (its two files are replaced one after the other) stays
 * what it was, with an error in the log.
 */
export class PemFiles {
  private readonly options: PemFilesOptions;
  private readonly watch: FileWatch;
  private readonly generated = generateDefaultCertificate();
  /** By what the configuration says of them. */
  private good = new Map<string, GoodPair>();

  constructor(options: PemFilesOptions) {
    const { files, logger, changed } = options;
    this.options = options;
    this.watch = new FileWatch({
      files,
      changed: () => {
        logger.info("Certificates are read again: a file has changed");
        changed();
      },
      failed: (directory, error) =>
        logger.warn("Cannot watch certificates", { path: directory, error }),
    });
    this.generated.catch(() => {});
  }

  /** Never rejects because of a file: what is wrong with it is in the table. */
  async read(snapshot: NamingFiles): Promise<PemPart> {
    const paths = namedFiles(snapshot, this.options.configuration);
    // Before they are read, so that a change that comes meanwhile is seen.
    if (this.options.watch) await this.watch.watch(paths);
    const entries = paths.map(async (path): Promise<[string, PemFile]> => {
      return [path, await this.readFile(path)];
    });
    const pems = Object.fromEntries(await Promise.all(entries));
    return {
      pems: await this.withGoodPairs(pems, namedPairs(snapshot.tls)),
      generatedCertificate: await this.generated,
    };
  }

  stop(): void {
    this.watch.stop();
  }

  private async readFile(path: string): Promise<PemFile> {
    try {
      return { text: await readPem(this.options.files, path) };
    } catch (error) {
      return { error: messageOf(error) };
    }
  }

  /** The table with the last good texts of pairs that are not good now. */
  private async withGoodPairs(pems: PemTable, pairs: readonly NamedPair[]): Promise<PemTable> {
    const readText = readFromTable(pems);
    const good = new Map<string, GoodPair>();
    const kept: Record<string, PemFile> = {};
    for (const { name, kind, certFile, keyFile } of pairs) {
      const source = `${certFile}\n${keyFile}`;
      const before = this.good.get(source);
      try {
        const pair = { certificate: await readText(certFile), key: await readText(keyFile) };
        const same = pair.certificate === before?.certificate && pair.key === before.key;
        if (!same) await readServerCertificate(pair.certificate, pair.key);
        good.set(source, pair);
      } catch (error) {
        // One that never was any good is reported where it is to be used.
        if (before === undefined) continue;
        this.options.logger.error(`${messageOf(error)}; the one that was read before it goes on`, {
          [`${kind}Name`]: name,
        });
        good.set(source, before);
        const paths = [pemPath(certFile), pemPath(keyFile)];
        [before.certificate, before.key].forEach((text, i) => {
          if (paths[i] !== undefined) kept[paths[i]] = { text };
        });
      }
    }
    this.good = good;
    return { ...pems, ...kept };
  }
}
