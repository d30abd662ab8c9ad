import { messageOf } from "../core/errors.ts";
import type { Runtime } from "../net/runtime.ts";
import type { ServerTlsContext } from "../net/tls.ts";
import type { ServerCertificate } from "./server-certificate.ts";
import type { ServerOptions } from "./tls-options.ts";

/** Why a connection may not be served. */
export interface Refusal {
  readonly refused: string;
}

type Found = ServerTlsContext | Refusal;

/**
 * The contexts of one set of options, made when they are first asked for. It lives on in a reload
 * that leaves the options as they are, so that clients can resume their sessions; the contexts of a
 * certificate go with the certificate.
 */
export class ServerContexts {
  readonly options: ServerOptions;
  private readonly runtime: Pick<Runtime, "serverTls">;
  private readonly contexts = new WeakMap<ServerCertificate, Found>();

  constructor(options: ServerOptions, runtime: Pick<Runtime, "serverTls">) {
    this.options = options;
    this.runtime = runtime;
  }

  get(certificate: ServerCertificate): Found {
    let found = this.contexts.get(certificate);
    if (found === undefined) {
      found = this.make(certificate);
      this.contexts.set(certificate, found);
    }
    return found;
  }

  /** What the runtime refuses it would refuse again: the refusal is kept. */
  private make({ keyPair }: ServerCertificate): Found {
    const { sniStrict: _, ...options } = this.options;
    try {
      return this.runtime.serverTls({ ...options, keyPair });
    } catch (error) {
      return { refused: messageOf(error) };
    }
  }
}
