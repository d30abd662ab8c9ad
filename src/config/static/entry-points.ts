import { z } from "zod";
import { messageOf } from "../../core/errors.ts";
import { parseHostPort } from "../../net/host-port.ts";
import {
  duration,
  flag,
  integer,
  oneOf,
  priority,
  ranges,
  text,
  texts,
  timerDuration,
  tlsDomains,
} from "../fields.ts";
import { limited, ours } from "../support.ts";
import { MAX_UDP_SESSIONS } from "./max-udp-sessions.ts";

/** Go's http.DefaultMaxHeaderBytes. */
const DEFAULT_MAX_HEADER_BYTES = 1024 * 1024;

const positiveOr = (preset: number) => (value: number) => (value > 0 ? value : preset);

/** Of HPACK's dynamic table, in bytes; a connection may take so much memory twice. */
const tableSize = () =>
  integer(-1, 1024 * 1024)
    .transform(positiveOr(4096))
    .default(4096);

const ANY_PORT = ":0";

/**
 * The protocol behind it is written in any case, and read in lower case. "" is any free port, as in
 * Traefik; the log says which.
 */
const address = () =>
  z
    .string()
    .superRefine((value, context) => {
      try {
        parseHostPort(value || ANY_PORT);
      } catch (error) {
        context.addIssue({ code: "custom", message: messageOf(error) });
      }
    })
    .transform((value) =>
      (value || ANY_PORT).replace(/\/(tcp|udp)$/i, (protocol) => protocol.toLowerCase()),
    );

const transport = () =>
  z.strictObject({
    lifeCycle: z
      .strictObject({
        requestAcceptGraceTimeout: timerDuration().default(0),
        graceTimeOut: duration().default(10_000),
      })
      .prefault({}),
    respondingTimeouts: z
      .strictObject({
        readTimeout: duration().default(60_000),
        writeTimeout: duration().default(0),
        idleTimeout: duration().default(180_000),
      })
      .prefault({}),
    keepAliveMaxTime: duration().default(0),
    keepAliveMaxRequests: integer().default(0),
  });

const redirections = () =>
  z.strictObject({
    entryPoint: z.strictObject({
      to: text(),
      scheme: text().default("https"),
      permanent: flag().default(true),
      priority: priority().optional(),
    }),
  });

const http = () =>
  z.strictObject({
    redirections: redirections().optional(),
    middlewares: texts().default([]),
    tls: z
      .strictObject({
        options: text().optional(),
        certResolver: text().optional(),
        domains: tlsDomains().optional(),
      })
      .optional(),
    encodedCharacters: z
      .strictObject({
        allowEncodedSlash: flag().default(true),
        allowEncodedBackSlash: flag().default(true),
        allowEncodedNullCharacter: flag().default(true),
        allowEncodedSemicolon: flag().default(true),
        allowEncodedPercent: flag().default(true),
        allowEncodedQuestionMark: flag().default(true),
        allowEncodedHash: flag().default(true),
      })
      .optional(),
    encodeQuerySemicolons: flag().default(false),
    sanitizePath: flag().default(true),
    // Go's server takes its default for zero and below.
    maxHeaderBytes: integer(-1, 64 * 1024 * 1024)
      .transform(positiveOr(DEFAULT_MAX_HEADER_BYTES))
      .default(DEFAULT_MAX_HEADER_BYTES),
    underscoreHeadersStrategy: oneOf("keep", "delete", "reject").default("keep"),
  });

const udp = () =>
  z.strictObject({
    timeout: timerDuration()
      .refine((value) => value > 0, "expected a duration above 0, found 0")
      .default(3000),
    maxSessions: ours(
      integer(1, 1_000_000),
      `sessions at a time, ${MAX_UDP_SESSIONS} where it isn't set; datagrams of further clients are dropped`,
    ),
  });

/** One entrypoint. */
export const entryPointSchema = z.strictObject({
  address: address(),
  allowACMEByPass: flag().optional(),
  reusePort: flag().default(false),
  asDefault: flag().default(false),
  transport: transport().prefault({}),
  proxyProtocol: z
    .strictObject({ insecure: flag().default(false), trustedIPs: ranges().default([]) })
    .optional(),
  forwardedHeaders: z
    .strictObject({
      insecure: flag().default(false),
      trustedIPs: ranges().default([]),
      connection: texts().default([]),
      notAppendXForwardedFor: flag().optional(),
    })
    .prefault({}),
  http: http().prefault({}),
  http2: z
    .strictObject({
      // Go's server takes its default for zero and below.
      maxConcurrentStreams: integer(-1).transform(positiveOr(250)).default(250),
      maxDecoderHeaderTableSize: tableSize(),
      maxEncoderHeaderTableSize: tableSize(),
    })
    .prefault({}),
  // 0: the entrypoint's own.
  http3: limited(
    z.strictObject({ advertisedPort: integer(0, 65535).default(0) }),
    "on Bun; refused by name on Deno",
  ),
  udp: udp().prefault({}),
  observability: z
    .strictObject({
      accessLogs: flag().default(true),
      metrics: flag().optional(),
      tracing: flag().optional(),
      traceVerbosity: oneOf("minimal", "detailed").optional(),
    })
    .prefault({}),
});

export type EntryPointConfiguration = z.output<typeof entryPointSchema>;
