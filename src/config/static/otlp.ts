import { z } from "zod";
import { clientTls, flag, map, text } from "../fields.ts";

/** How OpenTelemetry data leaves: the same in the log, the access log, metrics and tracing. */
export const otlpTransports = () => ({
  grpc: z
    .strictObject({
      endpoint: text().optional(),
      insecure: flag().optional(),
      tls: clientTls().optional(),
      headers: map().optional(),
    })
    .optional(),
  http: z
    .strictObject({
      endpoint: text().optional(),
      tls: clientTls().optional(),
      headers: map().optional(),
    })
    .optional(),
});

export const otlpLogs = () =>
  z.strictObject({
    serviceName: text().default("traefik"),
    resourceAttributes: map().optional(),
    ...otlpTransports(),
  });
