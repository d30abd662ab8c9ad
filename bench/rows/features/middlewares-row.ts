import type { Row } from "../../context.ts";
import { CASES } from "../../scenario/scenario.ts";
import { addedCost } from "./added-cost.ts";

/** Every request's credentials: those of basicAuth, and of no account to the others. */
const CREDENTIALS = `Authorization: Basic ${btoa("ann:secret")}`;

/** What one more middleware in a router's list costs; none of them refuses or redirects the load. */
const middlewares = (upstream: number): Readonly<Record<string, string>> => ({
  addPrefix: "addPrefix: { prefix: /svc4 }",
  // The password is checked once, and known from then on.
  basicAuth: `basicAuth: { users: ["ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="], removeHeader: true }`,
  buffering: "buffering: { maxRequestBodyBytes: 1000000 }",
  circuitBreaker:
    "circuitBreaker: { expression: NetworkErrorRatio() > 0.5 || LatencyAtQuantileMS(99.0) > 60000 }",
  compress: "compress: {}",
  contentType: "contentType: { autoDetect: false }",
  errors: "errors: { status: [500-599], service: backend }",
  // Its question costs what the request itself costs.
  forwardAuth: `forwardAuth: { address: "http://127.0.0.1:${upstream}/hello" }`,
  encodedCharacters: "encodedCharacters: {}",
  grpcWeb: 'grpcWeb: { allowOrigins: ["*"] }',
  headers: 'headers: { customRequestHeaders: { X-A: "1" }, customResponseHeaders: { X-B: "2" } }',
  "headers, security":
    "headers: { frameDeny: true, contentTypeNosniff: true, referrerPolicy: same-origin }",
  "headers, CORS":
    'headers: { accessControlAllowOriginList: ["*"], accessControlAllowMethods: [GET] }',
  inFlightReq: "inFlightReq: { amount: 100000 }",
  ipAllowList: "ipAllowList: { sourceRange: [10.0.0.0/8, 127.0.0.0/8] }",
  passTLSClientCert: "passTLSClientCert: { pem: true }",
  plugin: "plugin: { it: { module: ./plugin.js } }",
  rateLimit: "rateLimit: { average: 1000000, burst: 1000000 }",
  redirectRegex: 'redirectRegex: { regex: "^http://old[.]test/(.*)", replacement: "/$1" }',
  replacePath: `replacePath: { path: ${CASES.small.path} }`,
  replacePathRegex: 'replacePathRegex: { regex: "^/svc4/(.*)$", replacement: "/svc4/$1" }',
  retry: "retry: { attempts: 3 }",
  "retry, status": "retry: { attempts: 3, status: [500-599] }",
  stripPrefix: "stripPrefix: { prefixes: [/other, /svc9] }",
  stripPrefixRegex: 'stripPrefixRegex: { regex: ["^/v[0-9]+/"] }',
});

/** Sluice with a single router: without a middleware, and with one of each kind. */
export const middlewaresRow: Row = (context) =>
  addedCost(context, {
    name: "middlewares",
    heading: "What a middleware adds to a request of",
    column: "middleware",
    headers: [CREDENTIALS],
    files: { "plugin.js": "export default () => (next) => (request) => next(request);\n" },
    features: (upstream) =>
      Object.fromEntries(
        Object.entries(middlewares(upstream)).map(([name, middleware]) => [
          name,
          // It puts its prefix before the path that the backend knows.
          { middleware, path: name === "addPrefix" ? "/hello" : undefined },
        ]),
      ),
  });
