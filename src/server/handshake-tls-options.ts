import { sameData } from "../core/same-data.ts";
import type { HandshakeOptions } from "../http/exchange.ts";
import type { TlsManager } from "../tls/tls-manager.ts";

/**
 * The TLS options of a connection, from its handshake on. Reloads come and the connection stays:
 * they may keep its options' name and ask more of clients than the handshake did.
 */
export class HandshakeTlsOptions implements HandshakeOptions {
  readonly name: string;
  private readonly present: () => TlsManager;
  private readonly options: ReturnType<TlsManager["optionsFor"]>;

  /** To be made when the handshake begins. `present` has the certificates and options of now. */
  constructor(name: string, present: () => TlsManager) {
    this.name = name;
    this.present = present;
    this.options = present().optionsFor(name);
  }

  get inForce(): boolean {
    const then = this.options;
    const now = this.present().optionsFor(this.name);
    if (now === then) return true;
    if ("refused" in now || "refused" in then) return false;
    if (now.clientAuth === "none" || now.clientAuth === "request") return true;
    return now.clientAuth === then.clientAuth && sameData(now.clientCAs, then.clientCAs);
  }
}
