/** The services that the control plane answers for, without "@internal". */
export type ControlServiceName = "api" | "dashboard" | "rest" | "prometheus" | "acme-http";

/** A request that the control plane answers, as plain data: it may come from another thread. */
export interface ControlRequest {
  readonly service: ControlServiceName;
  readonly method: string;
  /** Absolute: as the client asked, behind its middlewares. */
  readonly url: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the service that takes one; empty for the others. */
  readonly body: string;
}

export interface ControlResponse {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Uint8Array;
}

/** Asks the control plane, wherever it runs. */
export type AskControl = (request: ControlRequest) => Promise<ControlResponse>;
