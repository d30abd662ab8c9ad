import { concatBytes } from "../core/bytes.ts";
import { ProxyError } from "../core/errors.ts";
import { Body } from "../http/body.ts";
import type { LazyResponse } from "../http/lazy/lazy-response.ts";
import type { ProbeTarget } from "../services/health/health-targets.ts";
import { HeaderList } from "../wire/header-list.ts";
import { ask, type ProbeTransport } from "./http-probe.ts";

const PATH = "/grpc.health.v1.Health/Check";
/** A HealthCheckRequest for the whole server: no fields, in a frame that isn't compressed. */
const REQUEST = new Uint8Array(5);
/** The answer has two bytes behind its frame's five. */
const MAX_ANSWER = 4096;

const UNIMPLEMENTED = 12;
/** HealthCheckResponse.ServingStatus. */
const STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
const SERVING = 1;

/**
 * Asks a gRPC server once whether it is well, by the gRPC Health Checking Protocol v1. Rejects with
 * what is wrong. Source: Traefik's pkg/healthcheck/healthcheck.go (checkHealthGRPC).
 */
export async function grpcProbe(
  { place, scheme, url }: ProbeTarget,
  transport: ProbeTransport,
  signal: AbortSignal,
): Promise<void> {
  const headers = HeaderList.from([
    ["Content-Type", "application/grpc"],
    ["TE", "trailers"],
  ]);
  const target: ProbeTarget = {
    place,
    scheme: scheme === "http" ? "h2c" : scheme,
    url: new URL(PATH, url),
  };
  const body = Body.of(REQUEST);
  const response = await ask(
    target,
    { method: "POST", host: "", headers, body },
    transport,
    signal,
  );
  if (response.status !== 200) {
    response.takeBody()?.cancel(TOO_MUCH);
    throw new Error(`expected the HTTP status 200, found ${response.status}`);
  }
  const answer = response.takeBody();
  const bytes = answer === null ? REQUEST.subarray(5) : await read(answer, signal);
  checkStatus(response, answer);
  const status = servingStatus(bytes);
  if (status !== SERVING)
    throw new Error(`received gRPC status code: ${STATUSES[status] ?? status}`);
}

/** The call's own status is in the trailers, or in the head where there is nothing else. */
function checkStatus({ headerList }: LazyResponse, body: Body | null): void {
  const list = body?.trailers?.has("grpc-status") ? body.trailers : headerList;
  const status = list.first("grpc-status");
  if (status === "0") return;
  if (status === null) throw new Error("expected a grpc-status, found none");
  if (Number(status) === UNIMPLEMENTED)
    throw new Error("the gRPC server does not implement the health protocol");
  const message = list.first("grpc-message") ?? "";
  throw new Error(`the gRPC call failed: code ${status}${message === "" ? "" : `, ${message}`}`);
}

const TOO_MUCH = new ProxyError("aborted", "internal", "A health check reads no more");

function read(body: Body, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    const stop = () => {
      reject(signal.reason);
      body.cancel(TOO_MUCH);
    };
    signal.addEventListener("abort", stop, { once: true });
    const over = () => signal.removeEventListener("abort", stop);
    body.pipe({
      bodyChunk(bytes, start, end) {
        chunks.push(bytes.subarray(start, end));
        if (body.received <= MAX_ANSWER) return;
        over();
        body.cancel(TOO_MUCH);
        reject(new Error(`expected a HealthCheckResponse, found more than ${MAX_ANSWER} bytes`));
      },
      bodyFlush() {},
      bodyEnd() {
        over();
        resolve(concatBytes(chunks));
      },
      bodyFail(error) {
        over();
        reject(error);
      },
    });
  });
}

/** `status` of the one HealthCheckResponse (protobuf) in a gRPC frame; 0, its default, where it isn't there. */
function servingStatus(bytes: Uint8Array): number {
  const malformed = new Error("expected a HealthCheckResponse, found something else");
  if (bytes.length < 5 || bytes[0] !== 0) throw malformed;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  if (bytes.length !== 5 + length) throw malformed;
  if (length === 0) return 0;
  // Field 1 as a varint. Nothing else is in the message, and no status is above 127.
  if (bytes[5] !== 0x08 || length !== 2) throw malformed;
  return bytes[6];
}
