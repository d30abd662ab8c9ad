import { messageOf } from "../core/errors.ts";
import type { KeyPair } from "../net/tls.ts";
import type { ReadPem } from "./pem-reader.ts";
import { readServerCertificate, type ServerCertificate } from "./server-certificate.ts";

/** At least one of the two: both where a certificate that was read earlier stands in for a broken one. */
export interface LoadedCertificate {
  readonly certificate?: ServerCertificate;
  readonly error?: string;
}

/** The certificates that one loader has loaded. */
export class LoadedCertificates {
  /** By what is in them. */
  readonly byText = new Map<string, ServerCertificate>();
  /** By what the configuration says of them. */
  readonly bySource = new Map<string, ServerCertificate>();
}

/**
 * Reads the certificates and CAs of one configuration, each file once. Certificates whose texts did
 * not change since an earlier loader's are the same objects.
 */
export class CertificateLoader {
  readonly loaded = new LoadedCertificates();
  private readonly readPem: ReadPem;
  private readonly tryOut: (keyPair: KeyPair) => void;
  private readonly earlier: LoadedCertificates;
  private readonly texts = new Map<string, Promise<string>>();

  /** `tryOut` throws an Error where the TLS library can't use a certificate and its key. */
  constructor(
    readPem: ReadPem,
    tryOut: (keyPair: KeyPair) => void,
    earlier = new LoadedCertificates(),
  ) {
    this.readPem = readPem;
    this.tryOut = tryOut;
    this.earlier = earlier;
  }

  /** Rejects with an Error that names the file and says what is wrong. */
  readText(textOrPath: string): Promise<string> {
    let text = this.texts.get(textOrPath);
    if (text === undefined) {
      text = read(this.readPem, textOrPath);
      this.texts.set(textOrPath, text);
    }
    return text;
  }

  async load(certFile: string, keyFile: string): Promise<LoadedCertificate> {
    const source = `${certFile}\n${keyFile}`;
    try {
      const certificate = await this.read(certFile, keyFile);
      this.loaded.bySource.set(source, certificate);
      return { certificate };
    } catch (error) {
      const certificate = this.earlier.bySource.get(source);
      if (certificate === undefined) return { error: messageOf(error) };
      this.loaded.bySource.set(source, certificate);
      return { certificate, error: `${messageOf(error)}; the one that was read before it goes on` };
    }
  }

  private async read(certFile: string, keyFile: string): Promise<ServerCertificate> {
    const chain = await this.readText(certFile);
    const key = await this.readText(keyFile);
    const text = `${chain}\n${key}`;
    const certificate =
      this.loaded.byText.get(text) ??
      this.earlier.byText.get(text) ??
      (await this.readNew(chain, key));
    this.loaded.byText.set(text, certificate);
    return certificate;
  }

  private async readNew(chain: string, key: string): Promise<ServerCertificate> {
    const certificate = await readServerCertificate(chain, key);
    this.tryOut(certificate.keyPair);
    return certificate;
  }
}

/** A reader that throws rejects like the others. */
async function read(readPem: ReadPem, textOrPath: string): Promise<string> {
  return readPem(textOrPath);
}
