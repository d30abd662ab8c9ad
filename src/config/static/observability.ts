import { z } from "zod";
import { clientTls, duration, flag, integer, map, oneOf, text, texts } from "../fields.ts";
import { fallingBack, refused } from "../support.ts";

/** How OpenTelemetry data leaves: the same in the log, the access log, metrics and tracing. */
const otlpTransports = () => ({
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

const otlpLogs = () =>
  z.strictObject({
    serviceName: text().optional(),
    resourceAttributes: map().optional(),
    ...otlpTransports(),
  });

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

const pushed = () => ({
  address: text().optional(),
  pushInterval: duration().optional(),
  addEntryPointsLabels: flag().optional(),
  addRoutersLabels: flag().optional(),
  addServicesLabels: flag().optional(),
});

export const metrics = () =>
  z.strictObject({
    addInternals: flag().optional(),
    prometheus: z
      .strictObject({
        buckets: z.array(z.number()).optional(),
        addEntryPointsLabels: flag().optional(),
        addRoutersLabels: flag().optional(),
        addServicesLabels: flag().optional(),
        entryPoint: text().optional(),
        manualRouting: flag().optional(),
        headerLabels: map().optional(),
      })
      .optional(),
    datadog: z.strictObject({ ...pushed(), prefix: text().optional() }).optional(),
    statsD: z.strictObject({ ...pushed(), prefix: text().optional() }).optional(),
    influxDB2: z
      .strictObject({
        ...pushed(),
        token: text().optional(),
        org: text().optional(),
        bucket: text().optional(),
        additionalLabels: map().optional(),
      })
      .optional(),
    otlp: z
      .strictObject({
        ...otlpTransports(),
        addEntryPointsLabels: flag().optional(),
        addRoutersLabels: flag().optional(),
        addServicesLabels: flag().optional(),
        explicitBoundaries: z.array(z.number()).optional(),
        pushInterval: duration().optional(),
        serviceName: text().optional(),
        resourceAttributes: map().optional(),
      })
      .optional(),
  });

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
