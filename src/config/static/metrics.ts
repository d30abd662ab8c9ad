import { z } from "zod";
import { flag, map, text, timerDuration } from "../fields.ts";
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
  pushInterval: timerDuration().default(10_000),
  ...labels(),
});

const prefix = () => text().default("traefik");

/** host:port. */
const datagramAddress = () =>
  text()
    .refine((address) => !address.includes("://"), {
      error: ({ input }) =>
        `expected host:port, as UDP alone is supported, found "${String(input)}"`,
    })
    .optional();

export const metricsSchema = z.strictObject({
  addInternals: flag().default(false),
  prometheus: prometheus().optional(),
  datadog: z.strictObject({ ...pushed(), address: datagramAddress(), prefix: prefix() }).optional(),
  statsD: z.strictObject({ ...pushed(), address: datagramAddress(), prefix: prefix() }).optional(),
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
      ...labels(),
      explicitBoundaries: bounds().default([
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
      ]),
      pushInterval: timerDuration().default(10_000),
      serviceName: text().default("traefik"),
      resourceAttributes: map().optional(),
    })
    .optional(),
});
