import type { OrderFailure } from "../storage/stored.ts";
import type { CertificateFacts } from "./certificate-facts.ts";

/** A certificate, or the wish for one, as the list of certificates shows it. */
export interface CertificateState {
  readonly resolver: string;
  readonly names: readonly string[];
  /** Undefined where there is none yet. */
  readonly facts: CertificateFacts | undefined;
  /** When it is to be renewed, in milliseconds since the epoch. */
  readonly renewAt: number | undefined;
  /** Of the last order that failed, where none has succeeded since. */
  readonly failure: OrderFailure | undefined;
}

/** A resolver, as the API and metrics show it. */
export interface ResolverState {
  readonly name: string;
  readonly kind: "acme" | "tailscale";
  /** Whether this process orders: of several with one storage one does. */
  readonly orders: boolean;
  /** Orders since the start, by this process. */
  readonly succeeded: number;
  readonly failed: number;
  readonly certificates: readonly CertificateState[];
}
