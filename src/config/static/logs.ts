import { z } from "zod";
import { duration, flag, integer, oneOf, text } from "../fields.ts";
import { accepted, fallingBack } from "../support.ts";
import { otlpLogs } from "./otlp.ts";

/** One of some words; for others the first stands in, as in Traefik. */
const wordOr = <const T extends string>(preset: T, ...words: readonly T[]) =>
  fallingBack(
    oneOf(...words).default(preset as never),
    (value) => words.some((word) => word.toLowerCase() === value.toLowerCase()),
    `expected one of ${words.join(", ")}; it is ${preset} now`,
  );

export const logSchema = z.strictObject({
  level: wordOr("ERROR", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "PANIC"),
  format: wordOr("common", "common", "json"),
  noColor: flag().default(false),
  filePath: text().optional(),
  maxSize: integer().default(0),
  maxAge: integer().default(0),
  maxBackups: integer().default(0),
  compress: accepted(flag(), "as in Traefik: old files are compressed whatever it says"),
  otlp: otlpLogs().optional(),
});

const mode = () => oneOf("keep", "drop", "redact");

/** `200`, or `500-599`. */
const statusRange = () =>
  z
    .string()
    .regex(/^[1-5]\d\d(-[1-5]\d\d)?$/, {
      error: ({ input }) => `expected a status or a range such as "500-599", found "${input}"`,
    })
    .refine((value) => !value.includes("-") || value.slice(0, 3) <= value.slice(4), {
      error: ({ input }) => `expected a range from low to high, found "${input}"`,
    });

export const accessLogSchema = z.strictObject({
  filePath: text().optional(),
  format: wordOr("common", "common", "genericCLF", "json"),
  filters: z
    .strictObject({
      statusCodes: z.array(statusRange()).optional(),
      retryAttempts: flag().optional(),
      minDuration: duration().optional(),
    })
    .optional(),
  fields: z
    .strictObject({
      defaultMode: oneOf("keep", "drop").optional(),
      names: z.record(z.string(), mode()).optional(),
      headers: z
        .strictObject({
          defaultMode: mode().optional(),
          names: z.record(z.string(), mode()).optional(),
        })
        .optional(),
      queryParameters: z.strictObject({ defaultMode: oneOf("keep", "drop").optional() }).optional(),
    })
    .optional(),
  bufferingSize: integer(0, 1_000_000).default(0),
  addInternals: flag().default(false),
  dualOutput: flag().default(false),
  otlp: otlpLogs().optional(),
});
