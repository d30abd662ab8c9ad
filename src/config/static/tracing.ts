import { z } from "zod";
import { flag, map, text, texts } from "../fields.ts";
import { limited } from "../support.ts";
import { otlpTransports } from "./otlp.ts";

export const tracingSchema = z.strictObject({
  serviceName: text().default("traefik"),
  resourceAttributes: map().optional(),
  capturedRequestHeaders: texts().optional(),
  capturedResponseHeaders: texts().optional(),
  safeQueryParams: texts().optional(),
  sampleRate: z.number().min(0).max(1).default(1),
  addInternals: flag().default(false),
  otlp: z.strictObject(otlpTransports()).optional(),
  globalAttributes: limited(
    map(),
    "deprecated in Traefik: use resourceAttributes, which go over it",
  ),
});
