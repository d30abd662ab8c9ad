import { sameData } from "../../core/same-data.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { KeyPair, ServerTlsContext } from "../../net/tls.ts";

/** The protocol by which an authority asks for the certificate of a challenge (RFC 8737 section 4). */
export const ACME_TLS = "acme-tls/1";

/** What is shown to an authority that asks for a name by TLS-ALPN-01. */
export interface ChallengeCertificate {
  /** As the ClientHello has it, in lower case. */
  readonly serverName: string;
  readonly keyPair: KeyPair;
}

/** The certificates of challenges that are under way: Traefik's store "acme-tls/1". */
export class ChallengeCertificates {
  private readonly runtime: Pick<Runtime, "serverTls">;
  private shown: readonly ChallengeCertificate[] = [];
  private contexts: ReadonlyMap<string, ServerTlsContext> = new Map();

  constructor(runtime: Pick<Runtime, "serverTls">) {
    this.runtime = runtime;
  }

  /** Shows these and no others from now on. Throws where the TLS library can't use one. */
  show(certificates: readonly ChallengeCertificate[]): void {
    if (sameData(this.shown, certificates)) return;
    this.contexts = new Map(
      certificates.map(({ serverName, keyPair }) => [
        serverName,
        this.runtime.serverTls({
          keyPair,
          clientAuth: "none",
          clientCAs: [],
          sessionTickets: false,
          alpn: [ACME_TLS],
        }),
      ]),
    );
    this.shown = certificates;
  }

  choose(serverName: string): ServerTlsContext | undefined {
    return this.contexts.get(serverName);
  }
}
