import { z } from "zod";
import { CidrSet } from "../core/cidr.ts";
import { parseDuration } from "../core/duration.ts";
import { messageOf } from "../core/errors.ts";

/**
 * The kinds of values that keys have, in both planes. Messages say what was found and what was expected.
 * A schema can't change and is slow to make, so that a kind without parameters is made once.
 */

/** What `make` returns the first time, made when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

const show = (value: unknown): string =>
  typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? "nothing");

/** The message for a value that is none of a union's kinds. */
export const found = (expected: string) => ({
  error: ({ input }: { readonly input?: unknown }) =>
    `expected ${expected}, found ${typeof input === "object" ? "a section or a list" : show(input)}`,
});

/** Go's time.Duration counts nanoseconds in 63 bits: no duration of Traefik's is longer. Milliseconds. */
const LONGEST = 2 ** 63 / 1e6;

/** What a platform's timer can wait for, "596h31m23.647s"; it takes more for no time at all. Milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A duration, in milliseconds once parsed: Go's syntax, or whole seconds as a number. */
export const duration = once(() => limitedDuration(LONGEST, "292 years"));

/** The same for what one timer waits for: at most 24 days. */
export const timerDuration = once(() => limitedDuration(LONGEST_TIMER, "596h"));

const limitedDuration = (longest: number, name: string) =>
  z
    .union([z.string(), z.number()], found('a duration such as "30s"'))
    .transform((value, context) => {
      const whole = typeof value === "string" || Number.isInteger(value);
      const milliseconds = whole ? parseDuration(value) : undefined;
      if (milliseconds !== undefined && milliseconds <= longest) return milliseconds;
      const expected =
        milliseconds === undefined ? 'a duration such as "30s"' : `a duration of at most ${name}`;
      context.addIssue({ code: "custom", message: `expected ${expected}, found ${show(value)}` });
      return z.NEVER;
    });

/** A whole number, at least `min`. */
export const integer = (min = 0, max = Number.MAX_SAFE_INTEGER): z.ZodNumber => {
  const range = `${min} ${max}`;
  let schema = integers.get(range);
  if (schema === undefined) {
    schema = z.number().int().min(min).max(max);
    integers.set(range, schema);
  }
  return schema;
};

/** By their range. */
const integers = new Map<string, z.ZodNumber>();

/** Go's http.DefaultMaxIdleConnsPerHost. */
const GO_IDLE_CONNECTIONS = 2;

/** Connections kept for later, once parsed; as Go's client reads it: 0 is its own default, below is none. */
export const maxIdleConnsPerHost = once(() =>
  integer(Number.MIN_SAFE_INTEGER).transform((value) =>
    value === 0 ? GO_IDLE_CONNECTIONS : Math.max(0, value),
  ),
);

/** More threads than any machine of today has processors for. */
const MOST_WORKERS = 256;

/** How many workers: a whole number from 1, or "auto". */
export const workers = () =>
  z
    .union([z.string(), z.number()], found('a whole number or "auto"'))
    .transform((value, context): number | "auto" => {
      if (typeof value === "string" && value.toLowerCase() === "auto") return "auto";
      const count = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
      if (typeof count === "number" && Number.isInteger(count) && count >= 1) {
        if (count <= MOST_WORKERS) return count;
      }
      context.addIssue({
        code: "custom",
        message: `expected a whole number from 1 to ${MOST_WORKERS} or "auto", found ${show(value)}`,
      });
      return z.NEVER;
    });

export const text = once(() => z.string());
export const texts = once(() => z.array(text()));
export const map = once(() => z.record(text(), text()));
export const flag = once(() => z.boolean());

/** A duration that may also be negative, where that has a meaning of its own. */
export const signedDuration = once(() =>
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
    }),
);

/** Addresses and ranges. */
export const ranges = once(() =>
  z.array(z.string()).superRefine((value, context) => {
    try {
      CidrSet.parse(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: messageOf(error) });
    }
  }),
);

/** One of the given words, in any case; "" among them stands for the default. */
export const oneOf = <const T extends readonly string[]>(...words: T) =>
  z.string().transform((value, context): T[number] => {
    const word = words.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (word !== undefined) return word;
    context.addIssue({
      code: "custom",
      message: `expected one of ${words.filter((candidate) => candidate !== "").join(", ")}, found ${show(value)}`,
    });
    return z.NEVER;
  });

/** A priority: exact up to 64 bits. */
export const priority = once(() =>
  z.union([z.number().int(), z.bigint()], found("a whole number")).transform((value, context) => {
    const exact = BigInt(value);
    if (exact <= 2n ** 63n - 1n && exact >= -(2n ** 63n)) return exact;
    context.addIssue({ code: "custom", message: `expected a 64-bit integer, found ${exact}` });
    return z.NEVER;
  }),
);

/** Certificates of a client, as providers and middlewares have them. */
export const clientTls = once(() =>
  z.strictObject({
    ca: text().optional(),
    cert: text().optional(),
    key: text().optional(),
    insecureSkipVerify: flag().optional(),
  }),
);

export const tlsDomains = once(() =>
  z.array(z.strictObject({ main: text().optional(), sans: texts().optional() })),
);

export const spiffe = once(() =>
  z.strictObject({ ids: texts().optional(), trustDomain: text().optional() }),
);

/** How the client's address is found, as middlewares and providers have it. */
export const ipStrategy = once(() =>
  z.strictObject({
    depth: integer().optional(),
    excludedIPs: ranges().optional(),
    ipv6Subnet: integer(0, 128).optional(),
  }),
);
