import { z } from "zod";
import { flag, oneOf, priority, text, texts, tlsDomains } from "../fields.ts";
import { middlewareSchema } from "./http-middlewares.ts";
import { type loadBalancerSchema, serversTransportSchema, serviceSchema } from "./http-services.ts";
import { TCP_ELEMENTS, tcpSchema } from "./tcp.ts";
import { tlsOptionsSchema, tlsSchema, tlsStoreSchema } from "./tls.ts";
import { UDP_ELEMENTS, udpSchema } from "./udp.ts";

export const routerSchema = z.strictObject({
  entryPoints: texts().optional(),
  middlewares: texts().optional(),
  // Parents of other routers have none; the others are disabled without one.
  service: text().optional(),
  rule: text().min(1, "expected a rule such as Host(`example.com`), found nothing"),
  ruleSyntax: oneOf("v3", "v2", "default").optional(),
  priority: priority().optional(),
  parentRefs: texts().optional(),
  tls: z
    .strictObject({
      options: text().optional(),
      certResolver: text().optional(),
      domains: tlsDomains().optional(),
    })
    .optional(),
  observability: z
    .strictObject({
      accessLogs: flag().optional(),
      metrics: flag().optional(),
      tracing: flag().optional(),
      traceVerbosity: oneOf("minimal", "detailed").optional(),
    })
    .optional(),
});

const HTTP_ELEMENTS = {
  routers: routerSchema,
  services: serviceSchema,
  middlewares: middlewareSchema,
  serversTransports: serversTransportSchema,
} as const;

/** The elements of each plane, by section: each is validated on its own, so that an error disables one. */
export const ELEMENTS = {
  http: HTTP_ELEMENTS,
  tcp: TCP_ELEMENTS,
  udp: UDP_ELEMENTS,
  tls: { options: tlsOptionsSchema, stores: tlsStoreSchema },
} as const;

/** Traefik's dynamic configuration, every key: what Sluice does not have yet is refused by name. */
export const dynamicSchema = z.strictObject({
  http: z
    .strictObject({
      routers: z.record(z.string(), routerSchema).optional(),
      services: z.record(z.string(), serviceSchema).optional(),
      middlewares: z.record(z.string(), middlewareSchema).optional(),
      serversTransports: z.record(z.string(), serversTransportSchema).optional(),
    })
    .optional(),
  tcp: tcpSchema.optional(),
  udp: udpSchema.optional(),
  tls: tlsSchema.optional(),
});

/** A dynamic configuration with its defaults; durations in milliseconds. */
export type DynamicConfiguration = z.output<typeof dynamicSchema>;
export type Router = z.output<typeof routerSchema>;
export type Service = z.output<typeof serviceSchema>;
export type LoadBalancer = z.output<typeof loadBalancerSchema>;
export type Server = NonNullable<LoadBalancer["servers"]>[number];
export type Middleware = z.output<typeof middlewareSchema>;
export type ServersTransport = z.output<typeof serversTransportSchema>;

/** What an element is, where something has to be said of it. */
export type ElementKind =
  | "router"
  | "service"
  | "middleware"
  | "serversTransport"
  | "tcpRouter"
  | "tcpService"
  | "tcpMiddleware"
  | "tcpServersTransport"
  | "udpRouter"
  | "udpService"
  | "tlsCertificate"
  | "tlsOptions"
  | "tlsStore";

/** An element that has errors and was left out. */
export interface DisabledDynamicElement {
  readonly kind: ElementKind;
  /** Unqualified; of a certificate its place in the list. */
  readonly name: string;
  readonly errors: readonly string[];
}
