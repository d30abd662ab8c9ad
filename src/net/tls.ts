export type TlsVersion = "1.0" | "1.1" | "1.2" | "1.3";

/** What a finished handshake agreed on. */
export interface TlsInfo {
  readonly version: TlsVersion;
  /** By its IANA name, such as TLS_AES_128_GCM_SHA256. */
  readonly cipher: string;
  /** The name that the client asked for, in lower case; "" for none. */
  readonly serverName: string;
  /** The protocol chosen by ALPN (RFC 7301); "" for none. */
  readonly alpn: string;
  /** The peer's certificate in DER; null where it sent none. */
  readonly peerCertificate: Uint8Array | null;
  /** What a client sent behind its certificate, in DER: each has signed the one before. None of a server. */
  readonly peerChain: readonly Uint8Array[];
}

/** What a server asks of its clients' certificates; Go's tls.ClientAuthType. */
export type ClientAuth =
  | "none"
  /** Asks, and takes none or any, unverified. */
  | "request"
  /** Asks for one, and takes any, unverified. */
  | "require-any"
  /** Takes none, or one that the client CAs have signed. */
  | "verify-if-given"
  /** Takes only one that the client CAs have signed. */
  | "require-and-verify";

/** PEM texts: a chain with the leaf first, and its key. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Everything that both roles can choose. Undefined leaves it to the TLS library. */
interface TlsOptions {
  /** 1.2 where undefined. */
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  /** IANA names, for TLS 1.2 and below (those of 1.3 aren't configurable, as in Go). In order of preference. */
  readonly cipherSuites?: readonly string[];
  /** Go's names: X25519, CurveP256, CurveP384, CurveP521, X25519MLKEM768. In order of preference. */
  readonly curves?: readonly string[];
}

export interface ServerTlsOptions extends TlsOptions {
  readonly keyPair: KeyPair;
  readonly clientAuth: ClientAuth;
  /** PEM; for the two kinds of `clientAuth` that verify. */
  readonly clientCAs: readonly string[];
  readonly sessionTickets: boolean;
  /** In order of preference. Empty: ALPN is not answered. No overlap with what a client offers fails the handshake (RFC 7301 section 3.2). */
  readonly alpn: readonly string[];
}

export interface ClientTlsOptions extends TlsOptions {
  /** PEM; undefined for the system's roots. */
  readonly rootCAs?: readonly string[];
  /** False takes any certificate (Traefik's insecureSkipVerify). */
  readonly verify: boolean;
  /** For servers that ask for a client certificate. */
  readonly keyPair?: KeyPair;
  readonly alpn: readonly string[];
  /** The URI that the certificate's subject alternative names must have (Traefik's peerCertURI), besides a valid chain; replaces the check of the name. */
  readonly peerUri?: string;
}

/** Certificates and settings of a server role, ready for handshakes; made once and shared by connections. */
export interface ServerTlsContext {
  readonly role: "server";
}

/** The same of a client role. */
export interface ClientTlsContext {
  readonly role: "client";
}
