import { ipAllowList } from "./addresses/ip-allow-list.ts";
import { ipDenyList } from "./addresses/ip-deny-list.ts";
import { apiKey } from "./auth/api-key.ts";
import { basicAuth } from "./auth/basic-auth.ts";
import { digestAuth } from "./auth/digest/digest-auth.ts";
import { forwardAuth } from "./auth/forward/forward-auth.ts";
import { jwt } from "./auth/jwt/jwt.ts";
import { oidc } from "./auth/oidc/oidc.ts";
import { buffering } from "./buffering/buffering.ts";
import { cache } from "./cache/cache.ts";
import { circuitBreaker } from "./circuit-breaker/circuit-breaker.ts";
import { passTLSClientCert } from "./client-certificate/pass-tls-client-cert.ts";
import { compress } from "./compress/compress.ts";
import { contentType } from "./content-type.ts";
import { errors } from "./errors.ts";
import { files } from "./files/files.ts";
import { grpcWeb } from "./grpc-web/grpc-web.ts";
import { headers } from "./headers/headers.ts";
import type { HttpMiddlewareTable } from "./http-middleware.ts";
import { inFlightReq } from "./limits/in-flight-req.ts";
import { rateLimit } from "./limits/rate-limit.ts";
import { bodyLimit } from "./own/body-limit.ts";
import { requestId } from "./own/request-id.ts";
import { respond } from "./own/respond.ts";
import { timeout } from "./own/timeout.ts";
import { addPrefix } from "./path/add-prefix.ts";
import { encodedCharacters } from "./path/encoded-characters.ts";
import { replacePath } from "./path/replace-path.ts";
import { replacePathRegex } from "./path/replace-path-regex.ts";
import { stripPrefix } from "./path/strip-prefix.ts";
import { stripPrefixRegex } from "./path/strip-prefix-regex.ts";
import { plugin } from "./plugin/plugin.ts";
import { redirectRegex } from "./redirect/redirect-regex.ts";
import { redirectScheme } from "./redirect/redirect-scheme.ts";
import { retry } from "./retry/retry.ts";

/** The middlewares that Sluice has, by their keys in the dynamic configuration. */
export const HTTP_MIDDLEWARES: HttpMiddlewareTable = {
  addPrefix,
  apiKey,
  basicAuth,
  bodyLimit,
  buffering,
  cache,
  circuitBreaker,
  compress,
  contentType,
  encodedCharacters,
  digestAuth,
  errors,
  files,
  forwardAuth,
  grpcWeb,
  headers,
  inFlightReq,
  ipAllowList,
  ipDenyList,
  jwt,
  oidc,
  passTLSClientCert,
  plugin,
  rateLimit,
  redirectRegex,
  redirectScheme,
  replacePath,
  replacePathRegex,
  requestId,
  respond,
  retry,
  stripPrefix,
  stripPrefixRegex,
  timeout,
};
