import { z } from "zod";
import { flag, map, text, texts } from "../fields.ts";
import { otlpTransports } from "./otlp.ts";

export const tracing = () =>
  z.strictObject({
    serviceName: text().optional(),
    resourceAttributes: map().optional(),
    capturedRequestHeaders: texts().optional(),
    capturedResponseHeaders: texts().optional(),
    safeQueryParams: texts().optional(),
    sampleRate: z.number().optional(),
    addInternals: flag().optional(),
    otlp: z.strictObject(otlpTransports()).optional(),
    globalAttributes: map().optional(),
  });
