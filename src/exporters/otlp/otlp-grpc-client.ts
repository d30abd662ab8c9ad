import { ProxyError } from "../../core/errors.ts";
import { Deadlines } from "../../core/timers.ts";
import { ask } from "../../health/http-probe.ts";
import { Body } from "../../http/body.ts";
import type { HttpClientTls } from "../../net/clients/http-client.ts";
import type { Runtime } from "../../net/runtime.ts";
import { reverseProxy } from "../../services/http/reverse-proxy.ts";
import { originAddress } from "../../services/http/server-address.ts";
import { Transport } from "../../upstream/transport.ts";
import { UpstreamPools } from "../../upstream/upstream-pools.ts";
import { HeaderList } from "../../wire/header-list.ts";
import { Refused } from "../outbox.ts";
import { gzipped, type OtlpClient } from "./otlp-client.ts";

export interface OtlpGrpcOptions {
  readonly runtime: Pick<Runtime, "connect" | "clientTls">;
  /** host:port. */
  readonly endpoint: string;
  /** Null for a connection without TLS. */
  readonly tls: HttpClientTls | null;
  /** `/package.Service/Method`. */
  readonly rpc: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** gRPC codes behind which sending again may help (OTLP/gRPC): CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const RETRYABLE: ReadonlySet<string> = new Set(["1", "4", "8", "10", "11", "14", "15"]);

const DIAL_TIMEOUT = 10_000;
const IDLE = 90_000;
const UNREAD = new ProxyError("aborted", "internal", "An exporter reads no answer");
const SILENT = { debug() {} };

/** OTLP over gRPC, on the HTTP/2 client that requests to servers go by. */
export function otlpGrpcClient({
  runtime,
  endpoint,
  tls,
  rpc,
  headers,
}: OtlpGrpcOptions): OtlpClient {
  const transport = new Transport(
    {
      maxIdleConnsPerHost: 1,
      dialTimeout: DIAL_TIMEOUT,
      responseHeaderTimeout: 0,
      idleConnTimeout: IDLE,
      readIdleTimeout: 0,
      pingTimeout: 15_000,
      http2: true,
      tls: {
        serverName: "",
        verify: tls?.verify ?? true,
        rootCAs: tls?.ca === undefined ? undefined : [tls.ca],
        keyPair: tls?.keyPair,
      },
    },
    (options) => runtime.clientTls(options),
  );
  const pools = new UpstreamPools({
    connect: runtime.connect.bind(runtime),
    deadlines: new Deadlines(),
  });
  const scheme = tls === null ? "h2c" : "https";
  const url = new URL(`${tls === null ? "http" : "https"}://${endpoint}${rpc}`);
  const address = originAddress(scheme, url, transport);
  const pool = pools.get(address, transport);
  pools.retain(pool);
  const handler = reverseProxy({ ...address, pool }, address.url, SILENT);
  return {
    async send(message, signal) {
      const list = HeaderList.from([
        ...Object.entries(headers).map(([name, value]): [string, string] => [
          name.toLowerCase(),
          value,
        ]),
        ["content-type", "application/grpc"],
        ["te", "trailers"],
        ["grpc-encoding", "gzip"],
      ]);
      const body = Body.of(framed(await gzipped(message)));
      const response = await ask(
        { scheme, url },
        { method: "POST", host: "", headers: list, body },
        () => handler,
        signal,
      );
      const answer = response.takeBody();
      if (response.status !== 200) {
        answer?.cancel(UNREAD);
        throw new Error(`${endpoint} answered with the HTTP status ${response.status}`);
      }
      if (answer !== null) await ended(answer, signal);
      const trailers = answer?.trailers?.has("grpc-status") ? answer.trailers : response.headerList;
      const status = trailers.first("grpc-status");
      if (status === "0") return;
      const text = `${endpoint} answered with the gRPC status ${status ?? "none"}: ${trailers.first("grpc-message") ?? ""}`;
      throw status === null || RETRYABLE.has(status) ? new Error(text) : new Refused(text);
    },
    close: () => pools.close(),
  };
}

/** A compressed message behind gRPC's five bytes. */
function framed(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(message.length + 5);
  frame[0] = 1;
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, 5);
  return frame;
}

/** Resolves when the answer, which is not needed, has come to its end. */
function ended(body: Body, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      reject(signal.reason);
      body.cancel(UNREAD);
    };
    signal.addEventListener("abort", stop, { once: true });
    const over = () => signal.removeEventListener("abort", stop);
    body.pipe({
      bodyChunk() {},
      bodyFlush() {},
      bodyEnd() {
        over();
        resolve();
      },
      bodyFail(error) {
        over();
        reject(error);
      },
    });
  });
}
