/** An account as Traefik stores it. */
export interface StoredAccount {
  readonly email: string;
  /** The account's URL, and what the authority said of it. */
  readonly registration: { readonly uri: string; readonly body: unknown } | undefined;
  /** An RSA key in PKCS #1, in DER. */
  readonly privateKey: Uint8Array;
}

/** A certificate as Traefik stores it. */
export interface StoredCertificate {
  /** The names that it was ordered for. */
  readonly main: string;
  readonly sans: readonly string[];
  /** PEM: the chain, the leaf first. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** "default", where Traefik may be told of others. */
  readonly store: string;
}

/** All that one resolver stores. */
export interface StoredSection {
  readonly account: StoredAccount | undefined;
  readonly certificates: readonly StoredCertificate[];
}

/** Why a certificate isn't there, or not renewed. Times in milliseconds since the epoch. */
export interface OrderFailure {
  readonly names: readonly string[];
  readonly error: string;
  /** Behind "urn:ietf:params:acme:error:", such as "rateLimited"; "other" for what is no authority's word. */
  readonly type?: string;
  readonly at: number;
  readonly nextTry: number;
  readonly tries: number;
  /** A client asked for it (`onDemand`): it is tried again when one does. */
  readonly demanded?: boolean;
}

export function namesOf({ main, sans }: Pick<StoredCertificate, "main" | "sans">): string[] {
  return [main, ...sans];
}
