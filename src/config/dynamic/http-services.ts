import { z } from "zod";
import { messageOf } from "../../core/errors.ts";
import { parseServerUrl } from "../../net/server-url.ts";
import { parseUnixServer } from "../../net/unix-socket.ts";
import {
  duration,
  flag,
  integer,
  map,
  maxIdleConnsPerHost,
  oneOf,
  signedDuration,
  spiffe,
  text,
  texts,
  timerDuration,
} from "../fields.ts";
import { accepted, ours, refused } from "../support.ts";
import { certificate, certificateAuthorities } from "./certificate.ts";
import { handlerSchema } from "./handler.ts";
import { NO_WORKLOAD_API } from "./no-workload-api.ts";
import { cipherSuites, minOrMaxVersion, versionsInOrder } from "./tls.ts";

const stickyCookie = () =>
  z.strictObject({
    cookie: z
      .strictObject({
        name: text().optional(),
        secure: flag().optional(),
        httpOnly: flag().optional(),
        sameSite: oneOf("none", "lax", "strict").optional(),
        maxAge: integer(-1).optional(),
        path: text().optional(),
        domain: text().optional(),
      })
      .optional(),
  });

/** An absolute URL of a server. */
const serverUrl = () =>
  z.string().superRefine((value, context) => {
    const complain = (message: string) => context.addIssue({ code: "custom", message });
    try {
      if (parseUnixServer(value) !== undefined) return;
    } catch (error) {
      complain(messageOf(error));
      return;
    }
    // The platform's parser takes the path of "http:///x" for the host: there must be one.
    if (parseServerUrl(value) === undefined || !/^[a-z0-9+.-]+:\/\/[^/\\?#]/i.test(value)) {
      complain(`expected a URL such as "http://127.0.0.1:8080", found "${value}"`);
      return;
    }
    const scheme = value.slice(0, value.indexOf(":")).toLowerCase();
    if (scheme !== "http" && scheme !== "https" && scheme !== "h2c") {
      complain(`expected the scheme http, https, h2c or unix, found "${scheme}"`);
    }
  });

const healthCheck = () =>
  z.strictObject({
    scheme: oneOf("", "http", "https", "h2c").optional(),
    mode: oneOf("", "http", "grpc").optional(),
    path: text().optional(),
    method: text().optional(),
    status: integer(0, 599).optional(),
    port: integer(0, 65535).optional(),
    interval: timerDuration().default(30_000),
    unhealthyInterval: timerDuration().optional(),
    timeout: timerDuration().default(5_000),
    hostname: text().optional(),
    followRedirects: flag().default(true),
    headers: map().optional(),
  });

/** What `hrw` goes by. */
const hash = () =>
  ours(
    z
      .strictObject({
        header: z.string().min(1, "expected a header's name, found nothing").optional(),
        cookie: z.string().min(1, "expected a cookie's name, found nothing").optional(),
        query: z.string().min(1, "expected a parameter's name, found nothing").optional(),
        path: flag().optional(),
      })
      .superRefine(({ header, cookie, query, path }, context) => {
        const given = [header, cookie, query, path || undefined].filter((one) => one !== undefined);
        if (given.length === 1) return;
        const message = `expected one of header, cookie, query and path, found ${given.length || "none"}`;
        context.addIssue({ code: "custom", message });
      }),
    "what of a request chooses its server instead of the client's address; for hrw",
  );

export const loadBalancerSchema = z.strictObject({
  sticky: stickyCookie().optional(),
  servers: z
    .array(
      z.strictObject({
        url: serverUrl(),
        weight: integer(0, 1_000_000).optional(),
        preservePath: flag().default(false),
      }),
    )
    .optional(),
  hash: hash(),
  slowStart: ours(
    duration(),
    "servers that are new or up again get their share little by little; not with the strategy hrw",
  ),
  resolve: ours(
    z.strictObject({ interval: timerDuration().default(10_000) }),
    "one server for each address of a name, looked up again every `interval`",
  ),
  strategy: oneOf("", "wrr", "p2c", "hrw", "leasttime").optional(),
  healthCheck: healthCheck().optional(),
  passiveHealthCheck: z
    .strictObject({
      failureWindow: timerDuration().default(10_000),
      maxFailedAttempts: integer(1).default(1),
    })
    .optional(),
  passHostHeader: flag().default(true),
  responseForwarding: z
    .strictObject({
      flushInterval: accepted(signedDuration(), "bytes go on as they come, without waiting"),
    })
    .optional(),
  serversTransport: text().optional(),
});

const weightedChildren = () =>
  z.array(z.strictObject({ name: text(), weight: integer(0, 1_000_000).optional() }));

const nothing = () => z.strictObject({});

/** One HTTP service: exactly one of its types is there. */
export const serviceSchema = z.strictObject({
  loadBalancer: loadBalancerSchema.optional(),
  weighted: z
    .strictObject({
      services: weightedChildren().optional(),
      sticky: stickyCookie().optional(),
      healthCheck: nothing().optional(),
    })
    .optional(),
  failover: z
    .strictObject({
      service: text(),
      fallback: text(),
      healthCheck: nothing().optional(),
      errors: z
        .strictObject({
          maxRequestBodyBytes: integer(-1).default(-1),
          status: texts().optional(),
        })
        .optional(),
    })
    .optional(),
  mirroring: z
    .strictObject({
      service: text(),
      mirrorBody: flag().default(true),
      maxBodySize: integer(-1).default(-1),
      mirrors: z
        .array(z.strictObject({ name: text(), percent: integer(0, 100).default(0) }))
        .optional(),
      healthCheck: nothing().optional(),
    })
    .optional(),
  highestRandomWeight: z
    .strictObject({
      services: weightedChildren().optional(),
      hash: hash(),
      healthCheck: nothing().optional(),
    })
    .optional(),
  middlewares: texts().optional(),
  handler: ours(
    handlerSchema,
    "a fetch-handler module as a service, relative to the file that names it",
  ),
});

export const serversTransportSchema = z
  .strictObject({
    serverName: text().optional(),
    insecureSkipVerify: flag().optional(),
    rootCAs: certificateAuthorities().optional(),
    certificates: z
      .array(certificate())
      .max(1, "expected one certificate for all servers, found more")
      .optional(),
    cipherSuites: cipherSuites(),
    minVersion: minOrMaxVersion(),
    maxVersion: minOrMaxVersion(),
    maxIdleConnsPerHost: maxIdleConnsPerHost().default(200),
    forwardingTimeouts: z
      .strictObject({
        dialTimeout: duration().default(30_000),
        responseHeaderTimeout: duration().default(0),
        idleConnTimeout: duration().default(90_000),
        readIdleTimeout: duration().default(0),
        pingTimeout: duration().default(15_000),
      })
      .prefault({}),
    disableHTTP2: flag().optional(),
    peerCertURI: text().optional(),
    spiffe: refused(spiffe(), NO_WORKLOAD_API),
  })
  .superRefine(versionsInOrder);
