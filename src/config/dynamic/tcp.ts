import { z } from "zod";
import { duration, flag, integer, priority, spiffe, text, texts, tlsDomains } from "../fields.ts";
import { certificate } from "./certificate.ts";
import { weightedServices } from "./weighted-services.ts";

export const tcpRouterSchema = z.strictObject({
  entryPoints: texts().optional(),
  middlewares: texts().optional(),
  service: text().optional(),
  rule: text().optional(),
  ruleSyntax: text().optional(),
  priority: priority().optional(),
  tls: z
    .strictObject({
      passthrough: flag().optional(),
      options: text().optional(),
      certResolver: text().optional(),
      domains: tlsDomains().optional(),
    })
    .optional(),
});

export const tcpServiceSchema = z.strictObject({
  loadBalancer: z
    .strictObject({
      servers: z
        .array(z.strictObject({ address: text().optional(), tls: flag().optional() }))
        .optional(),
      serversTransport: text().optional(),
      proxyProtocol: z.strictObject({ version: integer().optional() }).optional(),
      terminationDelay: integer(-1).optional(),
      healthCheck: z
        .strictObject({
          port: integer(0, 65535).optional(),
          send: text().optional(),
          expect: text().optional(),
          interval: duration().optional(),
          unhealthyInterval: duration().optional(),
          timeout: duration().optional(),
        })
        .optional(),
    })
    .optional(),
  weighted: weightedServices()
    .extend({ healthCheck: z.strictObject({}).optional() })
    .optional(),
});

export const tcpMiddlewareSchema = z.strictObject({
  ipAllowList: z.strictObject({ sourceRange: texts().optional() }).optional(),
  ipWhiteList: z.strictObject({ sourceRange: texts().optional() }).optional(),
  inFlightConn: z.strictObject({ amount: integer().optional() }).optional(),
});

export const tcpServersTransportSchema = z.strictObject({
  dialKeepAlive: duration().optional(),
  dialTimeout: duration().optional(),
  proxyProtocol: z.strictObject({ version: integer().optional() }).optional(),
  terminationDelay: duration().optional(),
  tls: z
    .strictObject({
      serverName: text().optional(),
      insecureSkipVerify: flag().optional(),
      rootCAs: texts().optional(),
      certificates: z.array(certificate()).optional(),
      peerCertURI: text().optional(),
      spiffe: spiffe().optional(),
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
