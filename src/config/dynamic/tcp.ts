import { z } from "zod";
import {
  duration,
  flag,
  integer,
  oneOf,
  priority,
  ranges,
  signedDuration,
  spiffe,
  text,
  texts,
  timerDuration,
  tlsDomains,
} from "../fields.ts";
import { accepted, refused } from "../support.ts";
import { certificate, certificateAuthorities } from "./certificate.ts";
import { NO_WORKLOAD_API } from "./no-workload-api.ts";
import { tcpServerAddress } from "./server-address.ts";
import { weightedServices } from "./weighted-services.ts";

export const tcpRouterSchema = z.strictObject({
  entryPoints: texts().optional(),
  middlewares: texts().optional(),
  service: text().min(1, "expected a service's name, found nothing"),
  rule: text().min(1, "expected a rule such as HostSNI(`example.com`), found nothing"),
  ruleSyntax: oneOf("v3", "v2", "default").optional(),
  priority: priority().optional(),
  tls: z
    .strictObject({
      passthrough: flag().default(false),
      options: text().optional(),
      certResolver: text().optional(),
      domains: tlsDomains().optional(),
    })
    .optional(),
});

/** Longer ones are no health check any more; Traefik ignores them, which no user would notice. */
const payload = () => text().max(65_535, "expected at most 65535 characters").default("");

const proxyProtocol = () =>
  z.strictObject({
    version: integer(1, 2)
      .default(2)
      .transform((version) => version as 1 | 2),
  });

export const tcpServiceSchema = z.strictObject({
  loadBalancer: z
    .strictObject({
      servers: z
        .array(z.strictObject({ address: tcpServerAddress(), tls: flag().default(false) }))
        .optional(),
      serversTransport: text().optional(),
      proxyProtocol: proxyProtocol().optional(),
      // Milliseconds here, and deprecated: the serversTransport has it as a duration.
      terminationDelay: integer(-1).optional(),
      healthCheck: z
        .strictObject({
          port: integer(1, 65535).optional(),
          send: payload(),
          expect: payload(),
          interval: timerDuration().default(30_000),
          unhealthyInterval: timerDuration().optional(),
          timeout: timerDuration().default(5_000),
        })
        .optional(),
    })
    .optional(),
  weighted: weightedServices()
    .extend({ healthCheck: z.strictObject({}).optional() })
    .optional(),
});

export const tcpMiddlewareSchema = z.strictObject({
  ipAllowList: z.strictObject({ sourceRange: ranges().optional() }).optional(),
  ipWhiteList: z.strictObject({ sourceRange: ranges().optional() }).optional(),
  inFlightConn: z.strictObject({ amount: integer(1) }).optional(),
});

export const tcpServersTransportSchema = z.strictObject({
  dialKeepAlive: accepted(signedDuration(), "connections have the system's keep-alive"),
  dialTimeout: duration().default(30_000),
  proxyProtocol: proxyProtocol().optional(),
  terminationDelay: signedDuration().default(100),
  tls: z
    .strictObject({
      serverName: text().optional(),
      insecureSkipVerify: flag().default(false),
      rootCAs: certificateAuthorities().optional(),
      certificates: z.array(certificate()).optional(),
      peerCertURI: text().optional(),
      spiffe: refused(spiffe(), NO_WORKLOAD_API),
    })
    .optional(),
});

/** The elements of `tcp`, by section. */
export const TCP_ELEMENTS = {
  routers: tcpRouterSchema,
  services: tcpServiceSchema,
  middlewares: tcpMiddlewareSchema,
  serversTransports: tcpServersTransportSchema,
} as const;

export const tcpSchema = z.strictObject({
  routers: z.record(z.string(), tcpRouterSchema).optional(),
  services: z.record(z.string(), tcpServiceSchema).optional(),
  middlewares: z.record(z.string(), tcpMiddlewareSchema).optional(),
  serversTransports: z.record(z.string(), tcpServersTransportSchema).optional(),
});

export type TcpRouter = z.output<typeof tcpRouterSchema>;
export type TcpService = z.output<typeof tcpServiceSchema>;
export type TcpMiddleware = z.output<typeof tcpMiddlewareSchema>;
export type TcpServersTransport = z.output<typeof tcpServersTransportSchema>;
