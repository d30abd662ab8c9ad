import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { type Decoded, OTLP_TYPES } from "./otlp-schemas.ts";

const KINDS = [
  ["traces", "TraceService", OTLP_TYPES.traces],
  ["metrics", "MetricsService", OTLP_TYPES.metrics],
  ["logs", "LogsService", OTLP_TYPES.logs],
] as const;

/** A span or a log record, with its attributes by name. */
export interface Received {
  readonly attributes: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the schema has.
  readonly [field: string]: any;
}

/** A receiver of OTLP, over HTTP and over gRPC without TLS, on 127.0.0.1. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly httpUrl: string;
  readonly grpcEndpoint: string;
  /** Whole requests, decoded. */
  readonly requests: { signal: string; request: Decoded; headers: Record<string, unknown> }[];
  spans(): Received[];
  records(): Received[];
  metrics(): Decoded[];
  /** Resource attributes of the last request. */
  resource(): Record<string, unknown>;
  /** The status of answers over HTTP; 200 at first. */
  status: number;
}

export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const requests: OtlpReceiver["requests"] = [];
  const take = (path: string, body: Buffer, headers: Record<string, unknown>) => {
    const kind = KINDS.find(
      ([name, service]) => path === `/v1/${name}` || path.includes(`.${service}/Export`),
    );
    if (kind === undefined) throw new Error(`no OTLP at ${path}`);
    const decoded = kind[2].decode(body);
    requests.push({ signal: kind[0], headers, request: plain(decoded) });
  };
  const receiver = { status: 200 };
  const http = createHttpServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const whole = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(whole) : whole;
      if (receiver.status === 200) take(request.url ?? "", body, request.headers);
      response.writeHead(receiver.status).end();
    });
  });
  const grpc = createHttp2Server();
  grpc.on("stream", (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const frame = Buffer.concat(chunks);
      const message = frame.subarray(5, 5 + frame.readUInt32BE(1));
      take(String(headers[":path"]), frame[0] === 1 ? gunzipSync(message) : message, {
        ...headers,
      });
      stream.respond(
        { ":status": 200, "content-type": "application/grpc" },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.alloc(5));
    });
  });
  const listen = (
    server: { listen: (...args: never[]) => unknown; address(): unknown },
    at: number,
  ) =>
    new Promise<number>((resolve) => {
      (server.listen as (port: number, host: string, done: () => void) => void).call(
        server,
        at,
        "127.0.0.1",
        () => resolve((server.address() as AddressInfo).port),
      );
    });
  const httpPort = await listen(http, port);
  const grpcPort = await listen(grpc, 0);
  const of = (signal: string) =>
    requests.filter((one) => one.signal === signal).map(({ request }) => request);
  return Object.assign(receiver, {
    httpUrl: `http://127.0.0.1:${httpPort}`,
    grpcEndpoint: `127.0.0.1:${grpcPort}`,
    requests,
    spans: () =>
      of("traces").flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ scopeSpans }: Decoded) =>
          scopeSpans.flatMap(({ spans }: Decoded) => spans.map(withAttributes)),
        ),
      ),
    records: () =>
      of("logs").flatMap(({ resourceLogs }) =>
        resourceLogs.flatMap(({ scopeLogs }: Decoded) =>
          scopeLogs.flatMap(({ logRecords }: Decoded) => logRecords.map(withAttributes)),
        ),
      ),
    metrics: () =>
      of("metrics").flatMap(({ resourceMetrics }) =>
        resourceMetrics.flatMap(({ scopeMetrics }: Decoded) =>
          scopeMetrics.flatMap(({ metrics: all }: Decoded) => all),
        ),
      ),
    resource() {
      const { request } = requests.at(-1)!;
      const [one] = request.resourceSpans ?? request.resourceMetrics ?? request.resourceLogs;
      return attributesOf(one.resource.attributes);
    },
    async [Symbol.asyncDispose]() {
      http.close();
      http.closeAllConnections();
      grpc.close();
    },
  });
}

function withAttributes(item: Decoded): Received {
  return { ...item, attributes: attributesOf(item.attributes) };
}

/** KeyValues as an object. */
export function attributesOf(pairs: Decoded[] = []): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, textOrNumber(value)]));
}

function textOrNumber(value: Decoded): unknown {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(textOrNumber);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue;
}

/** Plain data: bytes in hexadecimal, numbers of 64 bits as text, fields that are not there left out. */
function plain(value: Decoded): Decoded {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  if ("low" in value && "high" in value)
    return String((BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined && field !== null)
      .map(([name, field]) => [name, plain(field)]),
  );
}
