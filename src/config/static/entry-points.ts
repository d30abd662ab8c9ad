import { z } from "zod";
import { messageOf } from "../../core/errors.ts";
import { parseHostPort } from "../../net/host-port.ts";
import { duration, flag, integer, oneOf, ranges, text, texts, tlsDomains } from "../fields.ts";
import { accepted, refused } from "../support.ts";

const address = () =>
  z.string().superRefine((value, context) => {
    try {
      if (parseHostPort(value).protocol === "udp")
        throw new Error("UDP entrypoints are known to Traefik, not supported by Sluice yet");
    } catch (error) {
      context.addIssue({ code: "custom", message: messageOf(error) });
    }
  });

const transport = () =>
  z.strictObject({
    lifeCycle: z
      .strictObject({
        requestAcceptGraceTimeout: duration().default(0),
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
      priority: z.union([z.number().int(), z.bigint()]).optional(),
    }),
  });

const http = () =>
  z.strictObject({
    redirections: redirections().optional(),
    middlewares: texts().default([]),
    tls: refused(
      z.strictObject({
        options: text().optional(),
        certResolver: text().optional(),
        domains: tlsDomains().optional(),
      }),
    ),
    encodedCharacters: z
      .strictObject({
        allowEncodedSlash: flag().default(false),
        allowEncodedBackSlash: flag().default(false),
        allowEncodedNullCharacter: flag().default(false),
        allowEncodedSemicolon: flag().default(false),
        allowEncodedPercent: flag().default(false),
        allowEncodedQuestionMark: flag().default(false),
        allowEncodedHash: flag().default(false),
      })
      .optional(),
    encodeQuerySemicolons: flag().default(false),
    sanitizePath: flag().default(true),
    maxHeaderBytes: integer(1024, 64 * 1024 * 1024).default(1024 * 1024),
    underscoreHeadersStrategy: oneOf("keep", "delete", "reject").default("keep"),
  });

/** One entrypoint. */
export const entryPointSchema = z.strictObject({
  address: address(),
  allowACMEByPass: refused(flag()),
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
    })
    .prefault({}),
  http: http().prefault({}),
  http2: refused(z.strictObject({ maxConcurrentStreams: integer().optional() })),
  http3: refused(z.strictObject({ advertisedPort: integer(0, 65535).optional() })),
  udp: refused(z.strictObject({ timeout: duration().optional() })),
  observability: z
    .strictObject({
      accessLogs: flag().default(true),
      metrics: accepted(
        z.literal(false, "metrics are known to Traefik, not supported by Sluice yet"),
        "false is the only value until there are metrics",
      ),
      tracing: accepted(
        z.literal(false, "tracing is known to Traefik, not supported by Sluice yet"),
        "false is the only value until there is tracing",
      ),
      traceVerbosity: refused(text()),
    })
    .prefault({}),
});

export type EntryPointConfiguration = z.output<typeof entryPointSchema>;
