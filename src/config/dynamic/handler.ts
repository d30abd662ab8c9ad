import { CronPattern } from "croner";
import { z } from "zod";
import { integer, oneOf, text, texts, timerDuration } from "../fields.ts";

/** Instances of one function: each is a process. */
const MOST_INSTANCES = 64;

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
};

/** Bytes once parsed: a whole number, with one of KB, MB, GB (powers of 1000), KiB, MiB, GiB (of 1024). */
const byteSize = () =>
  z.string().transform((value, context) => {
    const [, digits, unit] = /^(\d{1,15}) ?(?:([kmg]i?)?b)?$/i.exec(value.trim()) ?? [];
    const bytes = digits === undefined ? 0 : Number(digits) * UNITS[(unit ?? "").toLowerCase()];
    if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
    context.addIssue({
      code: "custom",
      message: `expected a size such as "128MiB", found "${value}"`,
    });
    return z.NEVER;
  });

const limits = () =>
  z.strictObject({
    memory: byteSize().optional(),
    requestTimeout: timerDuration().optional(),
    unresponsive: timerDuration().default(10_000),
    instances: integer(1, MOST_INSTANCES).default(1),
  });

/** Deno's permissions, by the names of its flags; "*" stands for all. */
const permissions = () =>
  z.strictObject({
    read: texts().optional(),
    write: texts().optional(),
    net: texts().optional(),
    env: texts().optional(),
    run: texts().optional(),
    sys: texts().optional(),
    ffi: texts().optional(),
    import: texts().optional(),
  });

/** Bytes of a store where the configuration names no limit. */
const KV_BYTES = 64 * 2 ** 20;

const kv = () =>
  z.strictObject({
    path: z.string().min(1, "expected a path such as ./data/notes.kv, found nothing"),
    maxBytes: byteSize().default(KV_BYTES),
  });

/** Times of one module. */
const MOST_SCHEDULES = 32;

/** A cron pattern: five fields, or six with seconds before them. */
const cron = () =>
  z.string().superRefine((pattern, context) => {
    try {
      new CronPattern(pattern, undefined, { mode: "5-or-6-parts" });
    } catch {
      context.addIssue({
        code: "custom",
        message: `expected a cron pattern such as "*/5 * * * *", found "${pattern}"`,
      });
    }
  });

const timeZone = () =>
  z.string().superRefine((name, context) => {
    try {
      new Intl.DateTimeFormat("en", { timeZone: name });
    } catch {
      context.addIssue({
        code: "custom",
        message: `expected a time zone such as "Europe/Berlin", found "${name}"`,
      });
    }
  });

const ISOLATED_ONLY = ["limits", "permissions"] as const;

/** `handler`: a fetch-handler module as a service. */
export const handlerSchema = z
  .strictObject({
    module: z.string().min(1, "expected a path such as ./handler.ts, found nothing"),
    env: z.record(z.string(), text()).optional(),
    isolation: oneOf("", "none", "worker", "process").optional(),
    limits: limits().optional(),
    permissions: permissions().optional(),
    kv: kv().optional(),
    schedule: z.array(cron()).max(MOST_SCHEDULES).optional(),
    timeZone: timeZone().optional(),
  })
  .superRefine((handler, context) => {
    const { isolation } = handler;
    if (isolation === "worker")
      context.addIssue({
        code: "custom",
        path: ["isolation"],
        message:
          'a thread is no limit to what a module can do to the process: expected none or process, found "worker"',
      });
    if (handler.kv !== undefined && handler.env?.["KV"] !== undefined)
      context.addIssue({
        code: "custom",
        path: ["env", "KV"],
        message: "is the name of the store that kv opens",
      });
    if (isolation === "process") {
      for (const key of ["kv", "schedule"] as const) {
        if (handler[key] === undefined) continue;
        context.addIssue({
          code: "custom",
          path: [key],
          message: "is there without isolation only, and is refused with isolation: process",
        });
      }
      return;
    }
    for (const key of ISOLATED_ONLY) {
      if (handler[key] === undefined) continue;
      context.addIssue({
        code: "custom",
        path: [key],
        message: "has an effect with isolation: process only, and is refused without it",
      });
    }
  });

export type HandlerOptions = z.output<typeof handlerSchema>;
