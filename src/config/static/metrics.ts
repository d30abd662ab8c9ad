import { z } from "zod";
import { duration, flag, map, text } from "../fields.ts";
import { refused } from "../support.ts";
import { otlpTransports } from "./otlp.ts";

/** Whose requests a back end gets. */
const labels = () => ({
  addEntryPointsLabels: flag().default(true),
  addRoutersLabels: flag().default(false),
  addServicesLabels: flag().default(true),
});

const MOST_BOUNDS = 100;

/** Upper bounds of a histogram's buckets, in seconds. */
const bounds = () =>
  z
    .array(z.number().positive())
    .max(MOST_BOUNDS)
    .refine((values) => values.every((value, i) => i === 0 || value > values[i - 1]), {
      error: ({ input }) => `expected bounds that ascend, found ${JSON.stringify(input)}`,
    });

const LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Labels that requests have already. */
const TAKEN = ["code", "method", "protocol", "entrypoint", "router", "service"];

const prometheus = () =>
  z.strictObject({
    buckets: bounds().default([0.1, 0.3, 1.2, 5]),
    ...labels(),
    entryPoint: text().default("traefik"),
    manualRouting: flag().default(false),
    headerLabels: z
      .record(
        z
          .string()
          .regex(LABEL_NAME, {
            error: ({ input }) => `expected a label's name, found "${input}"`,
          })
          .refine((name) => !TAKEN.includes(name) && !name.startsWith("__"), {
            error: ({ input }) => `expected a label that requests don't have, found "${input}"`,
          }),
        text(),
      )
      .optional(),
  });

const pushed = () => ({
  address: text().optional(),
  pushInterval: duration().optional(),
  addEntryPointsLabels: flag().optional(),
  addRoutersLabels: flag().optional(),
  addServicesLabels: flag().optional(),
});

export const metricsSchema = z.strictObject({
  addInternals: flag().default(false),
  prometheus: prometheus().optional(),
  datadog: refused(() => z.strictObject({ ...pushed(), prefix: text().optional() })),
  statsD: refused(() => z.strictObject({ ...pushed(), prefix: text().optional() })),
  influxDB2: refused(() =>
    z.strictObject({
      ...pushed(),
      token: text().optional(),
      org: text().optional(),
      bucket: text().optional(),
      additionalLabels: map().optional(),
    }),
  ),
  otlp: refused(() =>
    z.strictObject({
      ...otlpTransports(),
      addEntryPointsLabels: flag().optional(),
      addRoutersLabels: flag().optional(),
      addServicesLabels: flag().optional(),
      explicitBoundaries: z.array(z.number()).optional(),
      pushInterval: duration().optional(),
      serviceName: text().optional(),
      resourceAttributes: map().optional(),
    }),
  ),
});
