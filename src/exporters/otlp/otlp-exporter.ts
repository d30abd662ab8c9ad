import type { Logger } from "../../core/logger.ts";
import type { HttpClientTls } from "../../net/clients/http-client.ts";
import type { Runtime } from "../../net/runtime.ts";
import { type ClientTlsConfiguration, readClientTls } from "../../providers/client-tls.ts";
import { Outbox } from "../outbox.ts";
import { otlpGrpcClient } from "./otlp-grpc-client.ts";
import { otlpHttpClient } from "./otlp-http-client.ts";
import { type Origin, otlpRequest, SIGNALS, type Signal } from "./otlp-request.ts";
import { fromEnvironment, type ResourceFacts } from "./resource.ts";

/** `otlp` of the static configuration. */
export interface OtlpTransports {
  readonly http?: {
    readonly endpoint?: string;
    readonly tls?: ClientTlsConfiguration;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly grpc?: {
    readonly endpoint?: string;
    readonly insecure?: boolean;
    readonly tls?: ClientTlsConfiguration;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

export type ExporterRuntime = ResourceFacts &
  Pick<Runtime, "connect" | "clientTls" | "httpClient" | "files">;

export interface OtlpExporterOptions {
  readonly runtime: ExporterRuntime;
  readonly transports: OtlpTransports;
  readonly signal: Signal;
  /** As messages call it: "the access log". */
  readonly name: string;
  readonly origin: Origin;
  readonly logger: Logger;
}

const HTTP_ENDPOINT = "https://localhost:4318";
const GRPC_ENDPOINT = "localhost:4317";
/** OTEL_EXPORTER_OTLP_TIMEOUT's default, in milliseconds. */
const TIMEOUT = 10_000;
/** Spans or records that wait at the most, and that go together. */
const MOST_ITEMS = 65_536;
const MOST_TOGETHER = 4096;

/**
 * What sends one signal by OTLP, over gRPC where that is configured, else over HTTP. Rejects where files of its
 * TLS can't be read.
 */
export async function otlpExporter(options: OtlpExporterOptions): Promise<Outbox> {
  const { runtime, transports, signal, origin, name, logger } = options;
  const { env } = runtime;
  const { http, grpc } = transports;
  const given = grpc?.headers ?? http?.headers;
  const headers = given ?? {
    ...fromEnvironment(env["OTEL_EXPORTER_OTLP_HEADERS"] ?? ""),
    ...fromEnvironment(env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`] ?? ""),
  };
  const client =
    grpc !== undefined
      ? otlpGrpcClient({
          runtime,
          endpoint: grpc.endpoint || GRPC_ENDPOINT,
          tls: grpc.insecure === true ? null : await tlsOf(runtime, grpc.tls),
          rpc: SIGNALS[signal].rpc,
          headers,
        })
      : otlpHttpClient(
          runtime.httpClient({ tls: await tlsOf(runtime, http?.tls) }),
          httpUrl(http?.endpoint || HTTP_ENDPOINT, signal),
          headers,
        );
  const timeout = env["OTEL_EXPORTER_OTLP_TIMEOUT"] ?? "";
  return new Outbox({
    name,
    mostItems: MOST_ITEMS,
    mostTogether: MOST_TOGETHER,
    timeout: /^[1-9]\d{0,8}$/.test(timeout) ? Number(timeout) : TIMEOUT,
    logger,
    send: ({ items }, abort) => client.send(otlpRequest(origin, items), abort),
    closed: () => client.close(),
  });
}

/** The endpoint where it has a path, else with the signal's. */
function httpUrl(endpoint: string, signal: Signal): string {
  const url = new URL(endpoint);
  if (url.pathname === "/") url.pathname = SIGNALS[signal].path;
  return url.href;
}

async function tlsOf(
  { files }: ExporterRuntime,
  tls: ClientTlsConfiguration | undefined,
): Promise<HttpClientTls> {
  return (await readClientTls(tls, files)) ?? { verify: true };
}
