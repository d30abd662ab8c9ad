import { latin1Bytes } from "../../../src/core/bytes.ts";
import { Body } from "../../../src/http/body.ts";
import { type Downstream, Exchange } from "../../../src/http/exchange.ts";
import { LazyRequest } from "../../../src/http/lazy/lazy-request.ts";
import type { TlsInfo } from "../../../src/net/tls.ts";
import { fieldIdOfBytes } from "../../../src/wire/field-names.ts";
import type { Fields } from "../../../src/wire/fields.ts";
import { HeaderList } from "../../../src/wire/header-list.ts";

/** A header list as the parser makes it: offsets into received bytes. */
export function receivedHeaders(pairs: readonly (readonly [string, string])[]): HeaderList {
  const bytes = latin1Bytes(pairs.map(([name, value]) => `${name}: ${value}\r\n`).join(""));
  const fields: Fields = [];
  let at = 0;
  for (const [name, value] of pairs) {
    const nameEnd = at + name.length;
    const valueEnd = nameEnd + 2 + value.length;
    fields.push(fieldIdOfBytes(bytes, at, nameEnd), at, nameEnd, nameEnd + 2, valueEnd);
    at = valueEnd + 2;
  }
  return new HeaderList(bytes, fields);
}

export interface MadeRequest {
  method?: string;
  target?: string;
  host?: string;
  headers?: readonly (readonly [string, string])[];
  remote?: string;
  tls?: TlsInfo | null;
  protocol?: string;
  body?: Body | string | null;
  /** What `Upgrade` asks for. */
  upgrade?: string;
}

/** A request as the HTTP/1.1 server makes it, and its exchange. */
export function makeRequest(made: MadeRequest = {}): {
  request: Request;
  lazy: LazyRequest;
  exchange: Exchange;
} {
  const downstream: Downstream = {
    entryPoint: "web",
    remote: { ip: made.remote ?? "192.0.2.7", port: 4711 },
    local: { ip: "192.0.2.1", port: 80 },
    tls: made.tls ?? null,
    tlsOptions: made.tls ? { name: "default", inForce: true } : null,
    protocol: made.protocol ?? "HTTP/1.1",
    informational() {},
  };
  const exchange = new Exchange(downstream);
  exchange.method = made.method ?? "GET";
  exchange.target = made.target ?? "/";
  exchange.host = made.host ?? "example.com";
  const lazy = new LazyRequest(
    exchange,
    exchange.method,
    made.tls ? "https" : "http",
    exchange.host,
    exchange.target,
    receivedHeaders(made.headers ?? []),
    typeof made.body === "string" ? Body.of(latin1Bytes(made.body)) : (made.body ?? null),
  );
  lazy.upgrade = made.upgrade ?? "";
  return { request: lazy, lazy, exchange };
}

export const TLS: TlsInfo = {
  version: "1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  serverName: "example.com",
  alpn: "http/1.1",
  peerCertificate: null,
  peerChain: [],
};
