import { z } from "zod";
import { CidrSet } from "../core/cidr.ts";
import { parseDuration } from "../core/duration.ts";
import { messageOf } from "../core/errors.ts";

/** The kinds of values that keys have, in both planes. Messages say what was found and what was expected. */

const show = (value: unknown): string =>
  typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? "nothing");

/** The message for a value that is none of a union's kinds. */
const found = (expected: string) => ({
  error: ({ input }: { readonly input?: unknown }) =>
    `expected ${expected}, found ${typeof input === "object" ? "a section or a list" : show(input)}`,
});

/** A duration, in milliseconds once parsed: Go's syntax, or whole seconds as a number. */
export const duration = () =>
  z
    .union([z.string(), z.number()], found('a duration such as "30s"'))
    .transform((value, context) => {
      const whole = typeof value === "string" || Number.isInteger(value);
      const milliseconds = whole ? parseDuration(value) : undefined;
      if (milliseconds !== undefined) return milliseconds;
      context.addIssue({
        code: "custom",
        message: `expected a duration such as "30s", found ${show(value)}`,
      });
      return z.NEVER;
    });

/** A whole number, at least `min`. */
export const integer = (min = 0, max = Number.MAX_SAFE_INTEGER) =>
  z.number().int().min(min).max(max);

export const text = () => z.string();
export const texts = () => z.array(z.string());
export const map = () => z.record(z.string(), z.string());
export const flag = () => z.boolean();

/** A duration that may also be negative, where that has a meaning of its own. */
export const signedDuration = () =>
  z
    .union([z.string(), z.number()], found('a duration such as "30s"'))
    .transform((value, context) => {
      const text = String(value);
      const negative = text.startsWith("-");
      const milliseconds = parseDuration(negative ? text.slice(1) : text);
      if (milliseconds !== undefined) return negative ? -milliseconds : milliseconds;
      context.addIssue({
        code: "custom",
        message: `expected a duration such as "100ms" or "-1", found ${show(value)}`,
      });
      return z.NEVER;
    });

/** Addresses and ranges. */
export const ranges = () =>
  z.array(z.string()).superRefine((value, context) => {
    try {
      CidrSet.parse(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: messageOf(error) });
    }
  });

/** One of the given words, in any case. */
export const oneOf = <const T extends readonly string[]>(...words: T) =>
  z.string().transform((value, context): T[number] => {
    const word = words.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (word !== undefined) return word;
    context.addIssue({
      code: "custom",
      message: `expected one of ${words.join(", ")}, found ${show(value)}`,
    });
    return z.NEVER;
  });

/** A priority: exact up to 64 bits. */
export const priority = () =>
  z.union([z.number().int(), z.bigint()], found("a whole number")).transform((value, context) => {
    const exact = BigInt(value);
    if (exact <= 2n ** 63n - 1n && exact >= -(2n ** 63n)) return exact;
    context.addIssue({ code: "custom", message: `expected a 64-bit integer, found ${exact}` });
    return z.NEVER;
  });

/** Certificates of a client, as providers and middlewares have them. */
export const clientTls = () =>
  z.strictObject({
    ca: text().optional(),
    cert: text().optional(),
    key: text().optional(),
    insecureSkipVerify: flag().optional(),
  });

export const tlsDomains = () =>
  z.array(z.strictObject({ main: text().optional(), sans: texts().optional() }));

export const spiffe = () =>
  z.strictObject({ ids: texts().optional(), trustDomain: text().optional() });

/** How the client's address is found, as middlewares and providers have it. */
export const ipStrategy = () =>
  z.strictObject({
    depth: integer().optional(),
    excludedIPs: ranges().optional(),
    ipv6Subnet: integer(0, 128).optional(),
  });
