import type { ServersTransport } from "../config/dynamic/schema.ts";
import { messageOf } from "../core/errors.ts";
import type { Runtime } from "../net/runtime.ts";
import { type ReadPem, readFromTable } from "../tls/pem-reader.ts";
import { versionsAndCiphers } from "../tls/tls-options.ts";
import { Transport, type TransportOptions } from "../upstream/transport.ts";
import { readAuthorities, readKeyPair } from "./tls-files.ts";

/** What the dynamic and the static configuration say of a transport; the static one has less. */
export type TransportConfiguration = Partial<Omit<ServersTransport, "forwardingTimeouts">> &
  Pick<ServersTransport, "maxIdleConnsPerHost"> & {
    readonly forwardingTimeouts: Partial<ServersTransport["forwardingTimeouts"]> &
      Pick<
        ServersTransport["forwardingTimeouts"],
        "dialTimeout" | "responseHeaderTimeout" | "idleConnTimeout"
      >;
  };

/** `tls` as middlewares have it: paths, or PEM texts themselves. */
export interface TransportTlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecureSkipVerify?: boolean;
}

/** Connections to a process of this machine that are kept. */
const LOCAL_CONNECTIONS = 200;

/** A transport with a number that no other one has. */
export interface NumberedTransport {
  readonly transport: Transport;
  readonly id: number;
}

/**
 * The serversTransports of the present configuration, their files read. One that says the same as
 * before, files included, is the same object, and so its connections live on.
 */
export class Transports {
  private readonly runtime: Pick<Runtime, "clientTls">;
  private readonly defaultConfiguration: TransportConfiguration;
  /** By what they say. */
  private earlier = new Map<string, NumberedTransport>();
  private present = new Map<string, NumberedTransport>();
  /** By name; each is read once for a configuration. */
  private byName = new Map<string, Promise<NumberedTransport>>();
  private count = 0;
  private readPem: ReadPem = readFromTable({});

  /** `defaultConfiguration` is the static configuration's, for services that name no other. */
  constructor(runtime: Pick<Runtime, "clientTls">, defaultConfiguration: TransportConfiguration) {
    this.runtime = runtime;
    this.defaultConfiguration = defaultConfiguration;
  }

  /** Another configuration is being compiled, with what its files had. */
  newConfiguration(readPem: ReadPem): void {
    this.readPem = readPem;
    this.earlier = this.present;
    this.present = new Map();
    this.byName = new Map();
  }

  /**
   * The transport of that qualified name, or the default one. Rejects with an Error that says what
   * is wrong with it: no service that names it must be served without it.
   */
  get(name: string, configuration = this.defaultConfiguration): Promise<NumberedTransport> {
    let found = this.byName.get(name);
    if (found === undefined) {
      found = this.build(configuration).catch((error: unknown) => {
        throw new Error(`serversTransport "${name}": ${messageOf(error)}`);
      });
      this.byName.set(name, found);
    }
    return found;
  }

  /**
   * The default one's like, which trusts `ca` and shows `cert` with `key`: paths, or PEM texts. Rejects with
   * an Error that says what is wrong.
   */
  async withTls(tls: TransportTlsFiles): Promise<NumberedTransport> {
    const { ca = "", cert = "", key = "", insecureSkipVerify = false } = tls;
    if ((cert === "") !== (key === ""))
      throw new Error("tls: cert and key go together, and one of them is missing");
    const { maxIdleConnsPerHost, forwardingTimeouts } = this.defaultConfiguration;
    try {
      return await this.build({
        maxIdleConnsPerHost,
        forwardingTimeouts,
        insecureSkipVerify,
        ...(ca !== "" && { rootCAs: [ca] }),
        ...(cert !== "" && { certificates: [{ certFile: cert, keyFile: key }] }),
      });
    } catch (error) {
      // What is read is named as it is in a serversTransport.
      const message = messageOf(error)
        .replace("rootCAs[0]", "ca")
        .replace("certificates[0]", "cert");
      throw new Error(`tls: ${message}`);
    }
  }

  /** For processes of this machine, whose responses must begin within so many milliseconds; 0 for any time. */
  local(responseHeaderTimeout: number): Promise<NumberedTransport> {
    return this.get(`local ${responseHeaderTimeout}`, {
      maxIdleConnsPerHost: LOCAL_CONNECTIONS,
      forwardingTimeouts: { dialTimeout: 5_000, responseHeaderTimeout, idleConnTimeout: 90_000 },
      disableHTTP2: true,
    });
  }

  private async build(configuration: TransportConfiguration): Promise<NumberedTransport> {
    const options = await this.options(configuration);
    const key = JSON.stringify(options);
    let kept = this.present.get(key) ?? this.earlier.get(key);
    if (kept === undefined) {
      const transport = new Transport(options, (tls) => this.runtime.clientTls(tls));
      kept = { transport, id: ++this.count };
    }
    this.present.set(key, kept);
    return kept;
  }

  private async options(configuration: TransportConfiguration): Promise<TransportOptions> {
    const { forwardingTimeouts, peerCertURI = "", rootCAs } = configuration;
    return {
      maxIdleConnsPerHost: configuration.maxIdleConnsPerHost,
      readIdleTimeout: 0,
      pingTimeout: 15_000,
      ...forwardingTimeouts,
      http2: configuration.disableHTTP2 !== true,
      tls: {
        ...versionsAndCiphers(configuration),
        serverName: configuration.serverName ?? "",
        // The URI is only worth something in a certificate that a trusted authority has signed.
        verify: configuration.insecureSkipVerify !== true || peerCertURI !== "",
        rootCAs: await readAuthorities(this.readPem, rootCAs),
        keyPair: await readKeyPair(this.readPem, configuration.certificates),
        peerUri: peerCertURI === "" ? undefined : peerCertURI,
      },
    };
  }
}
