import { z } from "zod";
import {
  clientTls,
  duration,
  flag,
  found,
  integer,
  ipStrategy,
  map,
  oneOf,
  ranges,
  text,
  texts,
  timerDuration,
} from "../fields.ts";
import { accepted, ignored, limited, ours, renamed } from "../support.ts";

const sourceCriterion = () =>
  z.strictObject({
    ipStrategy: ipStrategy().optional(),
    requestHeaderName: text().optional(),
    requestHost: flag().optional(),
  });

const users = () => ({
  users: texts().optional(),
  usersFile: text().optional(),
  realm: text().optional(),
  removeHeader: flag().optional(),
  headerField: text().optional(),
});

const distinguishedName = () => ({
  country: flag().optional(),
  province: flag().optional(),
  locality: flag().optional(),
  organization: flag().optional(),
  commonName: flag().optional(),
  serialNumber: flag().optional(),
  domainComponent: flag().optional(),
});

const headers = () =>
  z.strictObject({
    customRequestHeaders: map().optional(),
    customResponseHeaders: map().optional(),
    variables: ours(
      flag().optional(),
      "{client.ip}, {request.host} and others stand for values in custom headers",
    ),
    accessControlAllowCredentials: flag().optional(),
    accessControlAllowHeaders: texts().optional(),
    accessControlAllowMethods: texts().optional(),
    accessControlAllowOriginList: texts().optional(),
    accessControlAllowOriginListRegex: texts().optional(),
    accessControlExposeHeaders: texts().optional(),
    accessControlMaxAge: integer(-1).optional(),
    addVaryHeader: flag().optional(),
    allowedHosts: texts().optional(),
    hostsProxyHeaders: texts().optional(),
    sslProxyHeaders: map().optional(),
    stsSeconds: integer().optional(),
    stsIncludeSubdomains: flag().optional(),
    stsPreload: flag().optional(),
    forceSTSHeader: flag().optional(),
    frameDeny: flag().optional(),
    customFrameOptionsValue: text().optional(),
    contentTypeNosniff: flag().optional(),
    browserXssFilter: flag().optional(),
    customBrowserXSSValue: text().optional(),
    contentSecurityPolicy: text().optional(),
    contentSecurityPolicyReportOnly: text().optional(),
    publicKey: text().optional(),
    referrerPolicy: text().optional(),
    permissionsPolicy: text().optional(),
    isDevelopment: flag().optional(),
    featurePolicy: ignored(text(), "deprecated in Traefik: use permissionsPolicy"),
    sslRedirect: ignored(
      flag(),
      "deprecated in Traefik: use entryPoints.NAME.http.redirections or redirectScheme",
    ),
    sslTemporaryRedirect: ignored(flag(), "deprecated in Traefik: use redirectScheme"),
    sslHost: ignored(text(), "deprecated in Traefik: use redirectRegex"),
    sslForceHost: ignored(flag(), "deprecated in Traefik: use redirectRegex"),
  });

const ONE_CONNECTION = "one connection of each worker has all that is asked";

const rateLimit = () =>
  z.strictObject({
    average: integer().default(0),
    period: duration().default(1000),
    burst: integer().default(1),
    sourceCriterion: sourceCriterion().optional(),
    redis: z
      .strictObject({
        endpoints: texts().default(["127.0.0.1:6379"]),
        tls: clientTls().optional(),
        username: text().default(""),
        password: text().default(""),
        db: integer().default(0),
        poolSize: accepted(integer(), ONE_CONNECTION),
        minIdleConns: accepted(integer(), ONE_CONNECTION),
        maxActiveConns: accepted(integer(), ONE_CONNECTION),
        readTimeout: timerDuration().default(3000),
        writeTimeout: accepted(duration(), "an answer is waited for as long as readTimeout says"),
        dialTimeout: timerDuration().default(5000),
        failOpen: ours(
          flag(),
          "requests pass while Redis is away; they are answered 500 without it",
        ),
      })
      .optional(),
  });

/** One HTTP middleware: exactly one of its kinds is there. */
export const middlewareSchema = z.strictObject({
  addPrefix: z.strictObject({ prefix: text() }).optional(),
  apiKey: ours(
    z.strictObject({
      keys: texts().optional(),
      keysFile: text().optional(),
      headerName: text().optional(),
      realm: text().optional(),
      headerField: text().optional(),
      removeHeader: flag().optional(),
    }),
    "only requests with one of these keys pass",
  ),
  basicAuth: z.strictObject(users()).optional(),
  buffering: z
    .strictObject({
      maxRequestBodyBytes: integer().optional(),
      memRequestBodyBytes: integer().optional(),
      maxResponseBodyBytes: integer().optional(),
      memResponseBodyBytes: integer().optional(),
      retryExpression: text().optional(),
    })
    .optional(),
  bodyLimit: ours(
    z.strictObject({ maxRequestBodyBytes: integer() }),
    "413 for larger requests, without holding any back",
  ),
  timeout: ours(
    z.strictObject({ response: duration().optional(), idle: duration().optional() }),
    "504 where a response takes too long",
  ),
  cache: ours(
    z.strictObject({
      memoryBytes: integer(1).optional(),
      disk: z.strictObject({ path: text(), bytes: integer(1).optional() }).optional(),
      maxObjectBytes: integer(1).optional(),
      maxVariants: integer(1).optional(),
      defaultTTL: duration().optional(),
      staleWhileRevalidate: duration().optional(),
      staleIfError: duration().optional(),
      collapseTimeout: timerDuration().optional(),
      methods: texts().optional(),
      key: z
        .strictObject({
          query: flag().optional(),
          queryParameters: texts().optional(),
          headers: texts().optional(),
        })
        .optional(),
      ignoreRequestDirectives: flag().optional(),
      statusHeader: flag().optional(),
    }),
    "responses are kept and given again, by RFC 9111",
  ),
  chain: z.strictObject({ middlewares: texts().optional() }).optional(),
  circuitBreaker: z
    .strictObject({
      expression: text().optional(),
      checkPeriod: duration().optional(),
      fallbackDuration: duration().optional(),
      recoveryDuration: duration().optional(),
      responseCode: integer(100, 599).optional(),
    })
    .optional(),
  compress: z
    .strictObject({
      excludedContentTypes: texts().optional(),
      includedContentTypes: texts().optional(),
      minResponseBodyBytes: integer().optional(),
      encodings: texts().optional(),
      defaultEncoding: text().optional(),
    })
    .optional(),
  contentType: z.strictObject({ autoDetect: flag().optional() }).optional(),
  digestAuth: z.strictObject(users()).optional(),
  encodedCharacters: z
    .strictObject({
      allowEncodedSlash: flag().default(false),
      allowEncodedBackSlash: flag().default(false),
      allowEncodedNullCharacter: flag().default(false),
      allowEncodedSemicolon: flag().default(false),
      allowEncodedPercent: flag().default(false),
      allowEncodedQuestionMark: flag().default(false),
      allowEncodedHash: flag().default(false),
    })
    .optional(),
  errors: z
    .strictObject({
      status: texts().optional(),
      statusRewrites: z.record(z.string(), integer(200, 999)).optional(),
      service: text().optional(),
      query: text().optional(),
      errorRequestHeaders: texts().optional(),
    })
    .optional(),
  files: ours(
    z.strictObject({
      root: text(),
      index: texts().optional(),
      fallback: text().optional(),
      notFound: z
        .union([z.enum(["next", "404"]), z.literal(404)], found("next or 404"))
        .transform((value) => (value === "next" ? "next" : "404"))
        .optional(),
      precompressed: texts().optional(),
      cacheControl: text().optional(),
      dotFiles: flag().optional(),
      outsideLinks: flag().optional(),
      maxOpenFiles: integer(1).optional(),
    }),
    "files of a directory, which is relative to the file that names it",
  ),
  forwardAuth: z
    .strictObject({
      address: text().optional(),
      tls: clientTls()
        .extend({
          caOptional: ignored(flag(), "deprecated in Traefik: a server has no use for it"),
        })
        .optional(),
      trustForwardHeader: flag().optional(),
      authResponseHeaders: texts().optional(),
      authResponseHeadersRegex: text().optional(),
      authRequestHeaders: texts().optional(),
      addAuthCookiesToResponse: texts().optional(),
      headerField: text().optional(),
      forwardBody: flag().optional(),
      maxBodySize: integer(-1).optional(),
      maxResponseBodySize: integer(-1).optional(),
      preserveLocationHeader: flag().optional(),
      preserveRequestMethod: flag().optional(),
      authSigninURL: text().optional(),
    })
    .optional(),
  grpcWeb: z.strictObject({ allowOrigins: texts().optional() }).optional(),
  headers: headers().optional(),
  ipAllowList: z
    .strictObject({
      sourceRange: ranges().optional(),
      ipStrategy: ipStrategy().optional(),
      // 0 is as good as absent, as in Traefik.
      rejectStatusCode: integer(0, 599).optional(),
    })
    .optional(),
  ipDenyList: ours(
    z.strictObject({
      sourceRange: ranges().optional(),
      ipStrategy: ipStrategy().optional(),
      rejectStatusCode: integer(0, 599).optional(),
    }),
    "ipAllowList the other way round",
  ),
  ipWhiteList: renamed(
    z.strictObject({ sourceRange: ranges().optional(), ipStrategy: ipStrategy().optional() }),
    "ipAllowList",
  ),
  inFlightReq: z
    .strictObject({ amount: integer().default(0), sourceCriterion: sourceCriterion().optional() })
    .optional(),
  jwt: ours(
    z.strictObject({
      jwksUrl: text().optional(),
      tls: clientTls().optional(),
      jwksFile: text().optional(),
      publicKey: text().optional(),
      secret: text().optional(),
      algorithms: texts().optional(),
      issuers: texts().optional(),
      audiences: texts().optional(),
      clockSkew: duration().optional(),
      requiredClaims: map().optional(),
      headerName: text().optional(),
      cookieName: text().optional(),
      claimHeaders: map().optional(),
      userClaim: text().optional(),
      removeHeader: flag().optional(),
      realm: text().optional(),
    }),
    "only requests with a good JSON Web Token pass",
  ),
  oidc: ours(
    z.strictObject({
      issuer: text(),
      tls: clientTls().optional(),
      clientId: text(),
      clientSecret: text().optional(),
      clientSecretFile: text().optional(),
      secret: text().optional(),
      secretFile: text().optional(),
      scopes: texts().optional(),
      redirectPath: text().optional(),
      logoutPath: text().optional(),
      afterLogout: text().optional(),
      authorizationParameters: map().optional(),
      userInfo: flag().optional(),
      sessionLifetime: duration().optional(),
      clockSkew: duration().optional(),
      cookie: z
        .strictObject({
          name: text().optional(),
          domain: text().optional(),
          secure: flag().optional(),
          sameSite: oneOf("none", "lax", "strict").optional(),
        })
        .optional(),
      requiredClaims: map().optional(),
      allowedEmails: texts().optional(),
      allowedGroups: texts().optional(),
      groupsClaim: text().optional(),
      claimHeaders: map().optional(),
      userClaim: text().optional(),
    }),
    "only users who have logged in at an OpenID Connect issuer pass",
  ),
  passTLSClientCert: z
    .strictObject({
      pem: flag().optional(),
      info: z
        .strictObject({
          notAfter: flag().optional(),
          notBefore: flag().optional(),
          sans: flag().optional(),
          serialNumber: flag().optional(),
          subject: z
            .strictObject({ ...distinguishedName(), organizationalUnit: flag().optional() })
            .optional(),
          issuer: z.strictObject(distinguishedName()).optional(),
        })
        .optional(),
    })
    .optional(),
  plugin: limited(
    z
      .record(z.string(), z.record(z.string(), z.unknown()))
      .refine((value) => Object.keys(value).length > 0, "expected a plugin, found none"),
    "a JavaScript or TypeScript module that it names as `module`, Sluice's own; Go plugins are refused by name",
  ),
  rateLimit: rateLimit().optional(),
  redirectRegex: z
    .strictObject({ regex: text(), replacement: text(), permanent: flag().optional() })
    .optional(),
  redirectScheme: z
    .strictObject({ scheme: text(), port: text().optional(), permanent: flag().optional() })
    .optional(),
  replacePath: z.strictObject({ path: text() }).optional(),
  replacePathRegex: z.strictObject({ regex: text(), replacement: text() }).optional(),
  requestId: ours(
    z.strictObject({
      headerName: text().optional(),
      trustIncoming: flag().optional(),
      inResponse: flag().optional(),
    }),
    "each request has a name of its own",
  ),
  respond: ours(
    z.strictObject({
      status: integer(200, 599).optional(),
      headers: map().optional(),
      body: text().optional(),
    }),
    "a fixed answer",
  ),
  retry: z
    .strictObject({
      attempts: integer().optional(),
      timeout: duration().optional(),
      initialInterval: duration().optional(),
      maxRequestBodyBytes: integer(-1).optional(),
      status: texts().optional(),
      disableRetryOnNetworkError: flag().optional(),
      retryNonIdempotentMethod: flag().optional(),
    })
    .optional(),
  stripPrefix: z
    .strictObject({ prefixes: texts().optional(), forceSlash: flag().optional() })
    .optional(),
  stripPrefixRegex: z.strictObject({ regex: texts().optional() }).optional(),
});
