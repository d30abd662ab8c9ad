import { expect, test } from "bun:test";
import {
  serversTransportSchema,
  serviceSchema,
} from "../../../src/config/dynamic/http-services.ts";
import { entryPointSchema } from "../../../src/config/static/entry-points.ts";
import { accessLogSchema } from "../../../src/config/static/logs.ts";
import { staticSchema } from "../../../src/config/static/schema.ts";

/** Source: the SetDefaults methods of Traefik v3.7.9's pkg/config/static and pkg/config/dynamic. */

const second = 1000;

test("nothing at all: an entrypoint http on :80", () => {
  const configuration = staticSchema.parse({});
  expect(Object.keys(configuration.entryPoints)).toEqual(["http"]);
  expect(configuration).toMatchObject({
    entryPoints: { http: { address: ":80" } },
    serversTransport: {
      maxIdleConnsPerHost: 200,
      forwardingTimeouts: {
        dialTimeout: 30 * second,
        responseHeaderTimeout: 0,
        idleConnTimeout: 90 * second,
      },
    },
    providers: { providersThrottleDuration: 2 * second },
    log: { level: "ERROR", format: "common", noColor: false },
  });
  expect(configuration.ping).toBeUndefined();
  expect(configuration.accessLog).toBeUndefined();
  expect(configuration.providers.file).toBeUndefined();
});

test("an entrypoint", () => {
  expect(entryPointSchema.parse({ address: ":80" })).toEqual({
    address: ":80",
    reusePort: false,
    asDefault: false,
    transport: {
      lifeCycle: { requestAcceptGraceTimeout: 0, graceTimeOut: 10 * second },
      respondingTimeouts: {
        readTimeout: 60 * second,
        writeTimeout: 0,
        idleTimeout: 180 * second,
      },
      keepAliveMaxTime: 0,
      keepAliveMaxRequests: 0,
    },
    forwardedHeaders: { insecure: false, trustedIPs: [], connection: [] },
    http: {
      middlewares: [],
      encodeQuerySemicolons: false,
      sanitizePath: true,
      maxHeaderBytes: 1_048_576,
      underscoreHeadersStrategy: "keep",
    },
    http2: {
      maxConcurrentStreams: 250,
      maxDecoderHeaderTableSize: 4096,
      maxEncoderHeaderTableSize: 4096,
    },
    udp: { timeout: 3 * second },
    observability: { accessLogs: true },
  });
});

test("maxHeaderBytes of zero and below is Go's default", () => {
  for (const [maxHeaderBytes, expected] of [
    [0, 1_048_576],
    [-1, 1_048_576],
    [1, 1],
    [8192, 8192],
  ]) {
    const { http } = entryPointSchema.parse({ address: ":80", http: { maxHeaderBytes } });
    expect(http.maxHeaderBytes).toBe(expected);
  }
});

test("maxIdleConnsPerHost is read as Go's client reads it: zero is two, below is none", () => {
  for (const [given, expected] of [
    [0, 2],
    [-1, 0],
    [1, 1],
    [500, 500],
  ]) {
    const options = { maxIdleConnsPerHost: given };
    expect(serversTransportSchema.parse(options).maxIdleConnsPerHost).toBe(expected);
    const { serversTransport } = staticSchema.parse({ serversTransport: options });
    expect(serversTransport.maxIdleConnsPerHost).toBe(expected);
  }
});

test("encodedCharacters: what the block doesn't name stays allowed", () => {
  const http = { encodedCharacters: { allowEncodedSlash: false } };
  expect(entryPointSchema.parse({ address: ":80", http }).http.encodedCharacters).toEqual({
    allowEncodedSlash: false,
    allowEncodedBackSlash: true,
    allowEncodedNullCharacter: true,
    allowEncodedSemicolon: true,
    allowEncodedPercent: true,
    allowEncodedQuestionMark: true,
    allowEncodedHash: true,
  });
});

test("an entrypoint's redirection", () => {
  const http = { redirections: { entryPoint: { to: "websecure" } } };
  expect(entryPointSchema.parse({ address: ":80", http }).http.redirections).toEqual({
    entryPoint: { to: "websecure", scheme: "https", permanent: true },
  });
});

test("ping, file provider, access log", () => {
  const configuration = staticSchema.parse({
    ping: {},
    providers: { file: { filename: "dynamic.yml" } },
  });
  expect(configuration.ping).toEqual({
    entryPoint: "traefik",
    manualRouting: false,
    terminatingStatusCode: 503,
  });
  expect(configuration.providers.file).toEqual({ filename: "dynamic.yml", watch: true });
  expect(accessLogSchema.parse({})).toEqual({
    format: "common",
    bufferingSize: 0,
    addInternals: false,
    dualOutput: false,
  });
});

test("a load balancer with its health checks", () => {
  const service = serviceSchema.parse({
    loadBalancer: {
      servers: [{ url: "http://a" }],
      healthCheck: { path: "/" },
      passiveHealthCheck: {},
    },
  });
  expect(service.loadBalancer).toEqual({
    servers: [{ url: "http://a", preservePath: false }],
    passHostHeader: true,
    healthCheck: { path: "/", interval: 30 * second, timeout: 5 * second, followRedirects: true },
    passiveHealthCheck: { failureWindow: 10 * second, maxFailedAttempts: 1 },
  });
});

test("a serversTransport", () => {
  expect(serversTransportSchema.parse({})).toEqual({
    maxIdleConnsPerHost: 200,
    forwardingTimeouts: {
      dialTimeout: 30 * second,
      responseHeaderTimeout: 0,
      idleConnTimeout: 90 * second,
      readIdleTimeout: 0,
      pingTimeout: 15 * second,
    },
  });
});
