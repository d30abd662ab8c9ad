import type { MeasuredProcess } from "../measure/measured-process.ts";
import type { Backend } from "../scenario/backend.ts";
import type { CertificateFiles } from "../scenario/certificate-files.ts";

/** A proxy that runs in the scenario. */
export interface RunningProxy {
  readonly name: string;
  readonly port: number;
  /** Where it takes HTTP/2 without TLS from clients that know it does; `port` where that does both. */
  readonly h2cPort: number;
  /** Where it serves HTTP/2 and HTTP/1.1 over TLS; undefined without a certificate. */
  readonly tlsPort?: number;
  readonly process: MeasuredProcess;
  /** Its code is compiled while it runs. */
  readonly compiles: boolean;
  /** Where its access log ends up; the bench proves that there are lines in it. */
  readonly accessLog: string;
}

/** What some rows want besides the scenario's HTTP/1.1. */
export interface Extras {
  readonly certificate?: CertificateFiles;
  /** Where WEBSOCKET_PATH leads to. */
  readonly echoPort?: number;
  /** So many threads or processes that serve, on all cores; else one on the measured processes' core. */
  readonly workers?: number;
}

/** Starts a proxy in front of the backend. `directory` is its own. */
export type StartProxy = (
  directory: string,
  backend: Backend,
  extras?: Extras,
) => Promise<RunningProxy>;
