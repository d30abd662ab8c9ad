import { sameData } from "../../core/same-data.ts";
import type { HandshakeOptions } from "../../http/exchange.ts";
import { readPemBlocks } from "../../tls/pem.ts";
import type { TlsManager } from "../../tls/tls-manager.ts";

type Options = ReturnType<TlsManager["optionsFor"]>;

/**
 * The TLS options of a connection, from its handshake on. Reloads come and the connection stays:
 * they may keep its options' name and ask more of clients than the handshake did.
 */
export class HandshakeTlsOptions implements HandshakeOptions {
  readonly name: string;
  private readonly present: () => TlsManager;
  private readonly options: Options;
  /** The last ones that it was compared with, and what came of that. */
  private compared: Options;
  private enough = true;

  /** To be made when the handshake begins. `present` has the certificates and options of now. */
  constructor(name: string, present: () => TlsManager) {
    this.name = name;
    this.present = present;
    this.options = present().optionsFor(name);
    this.compared = this.options;
  }

  get inForce(): boolean {
    const now = this.present().optionsFor(this.name);
    if (now !== this.compared) {
      this.compared = now;
      this.enough = isEnough(this.options, now);
    }
    return this.enough;
  }
}

/**
 * True where a response is the last that a client should ask for on its connection: the options that it
 * came by ask for too little now, and the next answer would be the same.
 */
export function isOutlived(status: number, options: HandshakeOptions | null): boolean {
  return status === 421 && options !== null && !options.inForce;
}

/** True where each client that came through a handshake by `then` would come through one by `now`. */
function isEnough(then: Options, now: Options): boolean {
  if (now === then) return true;
  if ("refused" in now || "refused" in then) return false;
  if (now.clientAuth === "none" || now.clientAuth === "request") return true;
  return now.clientAuth === then.clientAuth && includesAll(now.clientCAs, then.clientCAs);
}

/** Authorities that are added, as when one is to take another's place, take nothing from the old ones' members. */
function includesAll(texts: readonly string[], wanted: readonly string[]): boolean {
  if (sameData(texts, wanted)) return true;
  const there = new Set(authoritiesIn(texts));
  return authoritiesIn(wanted).every((authority) => there.has(authority));
}

function authoritiesIn(texts: readonly string[]): string[] {
  const blocks = texts.flatMap((text) => readPemBlocks(text));
  return blocks.filter(({ label }) => label === "CERTIFICATE").map(({ bytes }) => bytes.toBase64());
}
