import type { TlsConfiguration, TlsOptions } from "../config/dynamic/tls.ts";
import { messageOf } from "../core/errors.ts";
import { sameData } from "../core/same-data.ts";
import type { Http3Certificates } from "../net/http3.ts";
import type { Runtime } from "../net/runtime.ts";
import type { KeyPair, ServerTlsContext } from "../net/tls.ts";
import { CertificateLoader, type LoadedCertificates } from "./certificate-loader.ts";
import { CertificateStore } from "./certificate-store.ts";
import type { ReadPem } from "./pem-reader.ts";
import { pemPath } from "./read-pem.ts";
import { readServerCertificate, type ServerCertificate } from "./server-certificate.ts";
import { type Refusal, ServerContexts } from "./server-contexts.ts";
import { resolveTlsOptions, type ServerOptions } from "./tls-options.ts";
import { generateDefaultCertificate } from "./x509/self-signed.ts";

export interface TlsManagerContext {
  readonly runtime: Pick<Runtime, "serverTls">;
  /** Reads what the configuration names for certificates, keys and CAs. */
  readonly readPem: ReadPem;
  /** What serves now: certificates and options that did not change keep their sessions. */
  readonly previous?: TlsManager;
  /**
   * Sets of options that are configured and were found invalid before, by name with the reason (a
   * wrong value, "default" from two providers): a client that would go by them is refused. Without it an invalid
   * "default" would be replaced by the built-in one.
   */
  readonly invalidOptions?: Readonly<Record<string, string>>;
  /** Names of options that routers want: one that is there no more goes on for them. */
  readonly wanted?: ReadonlySet<string>;
  /** What is shown where no certificate is configured; made anew where it isn't given. */
  readonly generated?: KeyPair;
  /** Hears of names that clients ask for and no certificate has. */
  readonly missing?: ((serverName: string) => void) | undefined;
}

export interface TlsError {
  readonly kind: "certificate" | "options" | "store";
  /** Of the options or the store; of a certificate its key, such as `certificates[0]`, and file. */
  readonly name: string;
  readonly message: string;
  /** True for options that go on as they last worked. */
  readonly goesOn?: boolean;
  /** True where it serves, and some clients may not like it. */
  readonly warning?: true;
}

/** A certificate as the metrics show it. */
export interface CertificateSummary {
  readonly cn: string;
  readonly serial: string;
  /** Its DNS names, sorted. */
  readonly sans: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** Of the options that serve without being asked for, and of the one store that Traefik uses. */
const DEFAULT = "default";
const MUST_STAPLE =
  "it wants a staple of OCSP (must-staple), which isn't sent: some clients refuse it";
/** Nothing but a certificate can be wrong with it. */
const PLAINEST = { clientAuth: "none", clientCAs: [], sessionTickets: true, alpn: [] } as const;

/**
 * Certificates and TLS options: says for each connection which context its handshake takes.
 * Built anew from each configuration, and never changed. Source: Traefik's pkg/tls/tlsmanager.go.
 */
export class TlsManager {
  /** By the names of options that can't be used: why. */
  readonly problems: Readonly<Record<string, string>>;
  /** Names of options that have an error now and go on as they last worked. */
  readonly goingOn: ReadonlySet<string>;
  private readonly loaded: LoadedCertificates;
  private readonly store: CertificateStore;
  /** Of the configuration, a refusal where it is broken; undefined where there is none. */
  private readonly configured: ServerCertificate | Refusal | undefined;
  private readonly generated: ServerCertificate;
  private readonly options: ReadonlyMap<string, ServerContexts | Refusal>;
  private missing: ((serverName: string) => void) | undefined;

  private constructor(
    loader: CertificateLoader,
    store: CertificateStore,
    configured: ServerCertificate | Refusal | undefined,
    generated: ServerCertificate,
    options: ReadonlyMap<string, ServerContexts | Refusal>,
    goingOn: ReadonlySet<string>,
  ) {
    const refused = [...options].flatMap(([name, found]) =>
      "refused" in found ? [[name, found.refused]] : [],
    );
    this.problems = Object.fromEntries(refused);
    this.loaded = loader.loaded;
    this.store = store;
    this.configured = configured;
    this.generated = generated;
    this.options = options;
    this.goingOn = goingOn;
  }

  /**
   * Reads all files and tries all options. Never rejects because of the configuration: what is wrong
   * is in `errors`, and refuses the connections that it concerns. A certificate that can't be read
   * any more (its two files are replaced one after the other) stays what it was.
   */
  static async create(
    configuration: TlsConfiguration,
    context: TlsManagerContext,
  ): Promise<{ manager: TlsManager; errors: TlsError[] }> {
    const { runtime, readPem, previous } = context;
    const errors: TlsError[] = [];
    const tryOut = (keyPair: KeyPair) => tryCertificate(runtime, keyPair);
    const loader = new CertificateLoader(readPem, tryOut, previous?.loaded);

    const certificates: ServerCertificate[] = [];
    for (const [i, { certFile, keyFile, stores }] of (configuration.certificates ?? []).entries()) {
      const name = `certificates[${i}]${describeFile(certFile)}`;
      const { certificate, error } = await loader.load(certFile, keyFile);
      if (error !== undefined) errors.push({ kind: "certificate", name, message: error });
      const used = stores === undefined || stores.length === 0 || stores.includes(DEFAULT);
      if (!used) errors.push({ kind: "certificate", name, message: otherStore(stores) });
      if (used && certificate?.certificate.mustStaple === true)
        errors.push({ kind: "certificate", name, message: MUST_STAPLE, warning: true });
      if (used && certificate !== undefined) certificates.push(certificate);
    }

    const generated = previous?.generated ?? (await generate(context.generated));
    let configured: ServerCertificate | Refusal | undefined;
    for (const [name, { defaultCertificate }] of Object.entries(configuration.stores ?? {})) {
      if (name !== DEFAULT) errors.push({ kind: "store", name, message: otherStore([name]) });
      if (name !== DEFAULT || defaultCertificate === undefined) continue;
      const { certFile, keyFile } = defaultCertificate;
      const { certificate, error } = await loader.load(certFile, keyFile);
      if (error !== undefined) {
        errors.push({ kind: "store", name, message: `defaultCertificate: ${error}` });
      }
      configured = certificate ?? { refused: `the default certificate is invalid: ${error}` };
    }

    const options = new Map<string, ServerContexts | Refusal>();
    const goingOn = new Set<string>();
    // What worked goes on, with the demands on clients that it had.
    const goesOn = (name: string): boolean => {
      const before = previous?.options.get(name);
      if (before === undefined || "refused" in before) return false;
      options.set(name, before);
      goingOn.add(name);
      return true;
    };
    const invalid = (name: string, reason: string): void => {
      if (!goesOn(name))
        options.set(name, { refused: `the TLS options "${name}" are invalid: ${reason}` });
    };
    for (const [name, reason] of Object.entries(context.invalidOptions ?? {}))
      invalid(name, reason);
    const sets: [string, TlsOptions][] = Object.entries(configuration.options ?? {});
    if (configuration.options?.[DEFAULT] === undefined) sets.push([DEFAULT, {}]);
    for (const [name, set] of sets) {
      if (options.has(name)) continue;
      try {
        const resolved = await resolveTlsOptions(set, (file) => loader.readText(file));
        options.set(name, contextsFor(resolved, previous?.options.get(name), runtime, generated));
      } catch (error) {
        const message = messageOf(error);
        invalid(name, message);
        errors.push({ kind: "options", name, message, ...(goingOn.has(name) && { goesOn: true }) });
      }
    }
    for (const name of context.wanted ?? []) {
      if (options.has(name) || !goesOn(name)) continue;
      const message = "routers name these TLS options, which do not exist any more";
      errors.push({ kind: "options", name, message, goesOn: true });
    }

    const store = new CertificateStore(certificates);
    const manager = new TlsManager(loader, store, configured, generated, options, goingOn);
    manager.missing = context.missing;
    return { manager, errors };
  }

  /**
   * The context for a connection: its certificate is the one for `serverName` ("" for none: for the
   * local address), else the default one, unless the options are strict about names.
   */
  choose(optionsName: string, serverName: string, localIp: string): ServerTlsContext | Refusal {
    const contexts = this.contextsOf(optionsName);
    if ("refused" in contexts) return contexts;
    const certificate = this.certificateFor(serverName, localIp, contexts.options.sniStrict);
    return "refused" in certificate ? certificate : contexts.get(certificate);
  }

  private contextsOf(optionsName: string): ServerContexts | Refusal {
    return (
      this.options.get(optionsName) ?? { refused: `there are no TLS options "${optionsName}"` }
    );
  }

  private certificateFor(
    serverName: string,
    localIp: string,
    strict: boolean,
  ): ServerCertificate | Refusal {
    const certificate = this.store.find(serverName === "" ? localIp : serverName);
    if (certificate !== undefined) return certificate;
    if (serverName !== "") this.missing?.(serverName);
    if (strict) {
      return { refused: `no certificate for "${serverName}", and the options have sniStrict` };
    }
    return this.configured ?? this.generated;
  }

  /**
   * The same judgement where the runtime chooses the certificate by itself, from `http3Certificates`:
   * the options to serve the connection by, or why it is refused.
   */
  judge(optionsName: string, serverName: string, localIp: string): ServerOptions | Refusal {
    const contexts = this.contextsOf(optionsName);
    if ("refused" in contexts) return contexts;
    const certificate = this.certificateFor(serverName, localIp, contexts.options.sniStrict);
    return "refused" in certificate ? certificate : contexts.options;
  }

  /** Where the default certificate is broken another one stands in for it, and `judge` refuses the connection. */
  get http3Certificates(): Http3Certificates {
    const { configured, generated } = this;
    const fallback = configured === undefined || "refused" in configured ? generated : configured;
    const named = new Map<string, KeyPair>();
    for (const [name, { keyPair }] of this.store.byName()) named.set(name, keyPair);
    return { fallback: fallback.keyPair, named };
  }

  /** The options of that name, or why no client can be served with them. */
  optionsFor(name: string): ServerOptions | Refusal {
    const contexts = this.contextsOf(name);
    return "refused" in contexts ? contexts : contexts.options;
  }

  /** What options of that name ask of clients' certificates; "" for nothing. */
  clientDemands(name: string): string {
    const found = this.optionsFor(name);
    if ("refused" in found || found.clientAuth === "none") return "";
    return JSON.stringify([found.clientAuth, found.clientCAs]);
  }

  /** The certificates that users configured, as Traefik's metrics have them. */
  get certificates(): CertificateSummary[] {
    const { configured } = this;
    const all = new Set(this.store.certificates);
    if (configured !== undefined && !("refused" in configured)) all.add(configured);
    return [...all].map(({ certificate }) => ({
      cn: certificate.commonName,
      serial: certificate.serial,
      sans: [...certificate.dnsNames].sort(),
      notAfter: certificate.notAfter,
    }));
  }
}

/** The previous contexts where the options are the same; throws where the runtime can't honour them. */
function contextsFor(
  options: ServerOptions,
  previous: ServerContexts | Refusal | undefined,
  runtime: Pick<Runtime, "serverTls">,
  trial: ServerCertificate,
): ServerContexts {
  if (previous !== undefined && !("refused" in previous) && sameData(previous.options, options)) {
    return previous;
  }
  const contexts = new ServerContexts(options, runtime);
  const found = contexts.get(trial);
  if ("refused" in found) throw new Error(found.refused);
  return contexts;
}

/** Throws where the runtime can't use it. */
function tryCertificate(runtime: Pick<Runtime, "serverTls">, keyPair: KeyPair): void {
  try {
    runtime.serverTls({ ...PLAINEST, keyPair });
  } catch (error) {
    throw new Error(`the TLS library can't use it: ${messageOf(error)}`, { cause: error });
  }
}

/** A new one where none is given. */
async function generate(given?: KeyPair): Promise<ServerCertificate> {
  const { certificate, privateKey } = given ?? (await generateDefaultCertificate());
  return readServerCertificate(certificate, privateKey);
}

function describeFile(certFile: string): string {
  return pemPath(certFile) === undefined ? "" : ` (${certFile})`;
}

function otherStore(stores: readonly string[]): string {
  return `the store "default" is the only one that serves, as in Traefik; found ${stores.join(", ")}`;
}
