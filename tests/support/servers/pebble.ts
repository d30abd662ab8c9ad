import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toolPath } from "../../../scripts/tool-path.ts";
import { makeCertificate } from "../certificates.ts";
import { freePort } from "../sockets/free-port.ts";
import { accepts, ServerProcess } from "./server-process.ts";

export interface PebbleOptions {
  /** Secrets of external accounts by their identifiers; with any, accounts need one. */
  readonly eab?: Readonly<Record<string, string>>;
  /** "host:port" of the DNS server that it asks; its own companion, which has 127.0.0.1 for every name, where undefined. */
  readonly dns?: string;
  /**
   * How long certificates of the profile "brief" live, in seconds. Without it there is one profile: of
   * several Pebble takes any where none is asked for.
   */
  readonly brief?: number;
}

/** A real authority: Pebble, and the DNS server that it validates with. Bad nonces are left on. */
export class Pebble implements AsyncDisposable {
  /** Of its directory. */
  readonly url: string;
  /** PEM: who signed its own certificate. */
  readonly ca: string;
  /** Where it looks for HTTP-01 and for TLS-ALPN-01. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Of the DNS server that it asks, on 127.0.0.1. */
  readonly dnsPort: number;
  private readonly servers: readonly ServerProcess[];
  private readonly ports: readonly number[];
  private readonly management: number;
  private readonly dnsManagement: number;

  private constructor(
    options: PebbleOptions,
    ports: readonly [number, number, number, number, number, number],
  ) {
    const [port, management, httpPort, tlsPort, dnsPort, dnsManagement] = ports;
    this.ports = ports;
    this.url = `https://127.0.0.1:${port}/dir`;
    this.httpPort = httpPort;
    this.tlsPort = tlsPort;
    this.dnsPort = dnsPort;
    this.management = management;
    this.dnsManagement = dnsManagement;
    const issuer = makeCertificate({ name: "pebble's issuer", ca: true });
    this.ca = issuer.certificate;
    const dns = new ServerProcess(() => [
      toolPath("pebble-challtestsrv")!,
      ...["-dnsserver", `127.0.0.1:${dnsPort}`, "-management", `127.0.0.1:${dnsManagement}`],
      ...["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""],
      ...["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""],
    ]);
    const { eab = {}, brief } = options;
    const server = new ServerProcess((directory) => {
      const own = makeCertificate({ names: ["IP:127.0.0.1", "DNS:localhost"], issuer });
      writeFileSync(join(directory, "cert.pem"), own.certificate);
      writeFileSync(join(directory, "key.pem"), own.key);
      const pebble = {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: "cert.pem",
        privateKey: "key.pem",
        httpPort,
        tlsPort,
        ocspResponderURL: "",
        externalAccountBindingRequired: Object.keys(eab).length > 0,
        externalAccountMACKeys: eab,
        domainBlocklist: ["blocked.test"],
        retryAfter: { authz: 1, order: 1 },
        keyAlgorithm: "ecdsa",
        profiles: {
          default: { description: "The usual one", validityPeriod: 7_776_000 },
          ...(brief === undefined
            ? {}
            : { brief: { description: "For a moment", validityPeriod: brief } }),
        },
      };
      writeFileSync(join(directory, "config.json"), JSON.stringify({ pebble }));
      return [
        ...["/usr/bin/env", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_ALTERNATE_ROOTS=2"],
        ...[toolPath("pebble")!, "-config", "config.json"],
        ...["-dnsserver", options.dns ?? `127.0.0.1:${dnsPort}`],
      ];
    });
    this.servers = options.dns === undefined ? [dns, server] : [server];
  }

  static async prepare(options: PebbleOptions = {}): Promise<Pebble> {
    const ports: number[] = [];
    for (let i = 0; i < 6; i++) ports.push(await freePort());
    return new Pebble(
      options,
      ports as unknown as [number, number, number, number, number, number],
    );
  }

  static async start(options: PebbleOptions = {}): Promise<Pebble> {
    const pebble = await Pebble.prepare(options);
    await pebble.run();
    return pebble;
  }

  /** Starts it, or starts it again; it forgets everything when it ends. */
  async run(): Promise<void> {
    const [port, , , , , dnsManagement] = this.ports;
    await Promise.all(
      this.servers.map((server, i) => {
        const last = i === this.servers.length - 1;
        return server.start(() => accepts(last ? port : dnsManagement));
      }),
    );
  }

  /** PEM of the root that issues, of the several alternatives. */
  async root(index = 0): Promise<string> {
    return (await this.manage(`/roots/${index}`)).text();
  }

  /** "Valid" or "Revoked", with more, for a certificate's serial number in hexadecimal. */
  async statusOf(serial: string): Promise<string> {
    return (await this.manage(`/cert-status-by-serial/${serial}`)).text();
  }

  /** Has it answer what a certificate's renewal information is asked, in RFC 9773's JSON. */
  async setRenewalInfo(certificate: string, response: string): Promise<void> {
    await this.manage("/set-renewal-info/", { Certificate: certificate, ARIResponse: response });
  }

  /** Sets a TXT record that it is to find; an `fqdn` ends with a dot. */
  async setTxt(host: string, value: string): Promise<void> {
    await this.manageDns("set-txt", { host, value });
  }

  async clearTxt(host: string): Promise<void> {
    await this.manageDns("clear-txt", { host });
  }

  /** Has every look-up of a name fail; "" takes that back. */
  async failLookups(host: string): Promise<void> {
    await this.manageDns("set-servfail", { host });
  }

  async succeedLookups(host: string): Promise<void> {
    await this.manageDns("clear-servfail", { host });
  }

  private manage(path: string, body?: unknown): Promise<Response> {
    return fetch(`https://127.0.0.1:${this.management}${path}`, {
      tls: { ca: this.ca },
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    });
  }

  private async manageDns(command: string, body: unknown): Promise<void> {
    const url = `http://127.0.0.1:${this.dnsManagement}/${command}`;
    const { ok, status } = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    if (!ok) throw new Error(`${url} answered ${status}`);
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await server.stop("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}
