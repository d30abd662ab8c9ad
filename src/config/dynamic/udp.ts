import { z } from "zod";
import { text, texts } from "../fields.ts";
import { serverAddress } from "./server-address.ts";
import { weightedServices } from "./weighted-services.ts";

/** A UDP router has no rule: it takes all of its entrypoints. */
export const udpRouterSchema = z.strictObject({
  entryPoints: texts().optional(),
  service: text().min(1, "expected a service's name, found nothing"),
});

export const udpServiceSchema = z.strictObject({
  loadBalancer: z
    .strictObject({ servers: z.array(z.strictObject({ address: serverAddress() })).optional() })
    .optional(),
  weighted: weightedServices().optional(),
});

/** The elements of `udp`, by section: each is validated on its own, so that an error disables one. */
export const UDP_ELEMENTS = { routers: udpRouterSchema, services: udpServiceSchema } as const;

export const udpSchema = z.strictObject({
  routers: z.record(z.string(), udpRouterSchema).optional(),
  services: z.record(z.string(), udpServiceSchema).optional(),
});

export type UdpRouter = z.output<typeof udpRouterSchema>;
export type UdpService = z.output<typeof udpServiceSchema>;
