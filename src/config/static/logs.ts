import { z } from "zod";
import { duration, flag, integer, oneOf, text } from "../fields.ts";
import { fallingBack, refused } from "../support.ts";
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
  maxSize: refused(integer(), "rotate from outside and send SIGUSR1"),
  maxAge: refused(integer(), "rotate from outside and send SIGUSR1"),
  maxBackups: refused(integer(), "rotate from outside and send SIGUSR1"),
  compress: refused(flag(), "rotate from outside and send SIGUSR1"),
  otlp: refused(otlpLogs),
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
      queryParameters: refused(() => z.strictObject({ defaultMode: text().optional() })),
    })
    .optional(),
  bufferingSize: integer(0, 1_000_000).default(0),
  addInternals: flag().default(false),
  dualOutput: refused(flag()),
  otlp: refused(otlpLogs),
});
