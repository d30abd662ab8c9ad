import { z } from "zod";
import { duration, flag, integer, text, texts } from "../fields.ts";
import { accepted, fallingBack, limited, ours } from "../support.ts";
import { acmeStoreSchema } from "./store-providers.ts";

/** Let's Encrypt, as in Traefik. */
const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

/** Directories of Let's Encrypt's first protocol, which is no more, and what Traefik takes instead. */
const OLD_SERVERS: Readonly<Record<string, string>> = {
  "https://acme-v01.api.letsencrypt.org/directory": LETS_ENCRYPT,
  "https://acme-staging.api.letsencrypt.org/directory":
    "https://acme-staging-v02.api.letsencrypt.org/directory",
};

const KEY_TYPES = ["EC256", "EC384", "RSA2048", "RSA4096", "RSA8192"];

const caServer = () =>
  text()
    .transform((value) => OLD_SERVERS[value] ?? (value === "" ? LETS_ENCRYPT : value))
    .refine(
      (value) => /^https?:\/\/[^/]/.test(value),
      "expected the URL of an ACME directory, found something else",
    )
    .default(LETS_ENCRYPT);

const dnsChallenge = () =>
  z.strictObject({
    provider: text().default(""),
    resolvers: texts().default([]),
    propagation: z
      .strictObject({
        disableChecks: flag().default(false),
        disableANSChecks: flag().default(false),
        requireAllRNS: flag().default(false),
        delayBeforeChecks: duration().default(0),
      })
      .optional(),
    delayBeforeCheck: limited(
      duration(),
      "deprecated in Traefik: use propagation.delayBeforeChecks",
    ),
    disablePropagationCheck: limited(
      flag(),
      "deprecated in Traefik: use propagation.disableChecks",
    ),
  });

/** In an hour, where nothing is said. */
const ON_DEMAND_PER_HOUR = 20;

const onDemand = () =>
  z.strictObject({
    ask: text().refine(
      (value) => /^https?:\/\/[^/]/.test(value),
      "expected the URL of a service that allows names, found something else",
    ),
    perHour: integer(1, 100_000).default(ON_DEMAND_PER_HOUR),
  });

const acme = () =>
  z.strictObject({
    email: text().default(""),
    caServer: caServer(),
    preferredChain: text().default(""),
    profile: text().default(""),
    emailAddresses: texts().default([]),
    disableCommonName: flag().default(false),
    storage: text().min(1, "expected a file's path, found nothing").default("acme.json"),
    store: ours(
      acmeStoreSchema(),
      "instead of storage: a key-value store that several instances share, with the keys of the provider of its name; one orders, all serve",
    ),
    keyType: fallingBack(
      text().default("RSA4096"),
      (value) => KEY_TYPES.includes(value),
      `one of ${KEY_TYPES.join(", ")}; any other is RSA4096, as in Traefik`,
    ),
    eab: z.strictObject({ kid: text().default(""), hmacEncoded: text().default("") }).optional(),
    certificatesDuration: accepted(
      integer(),
      "certificates are renewed by their own lifetime, and by what the authority says (RFC 9773)",
    ),
    clientTimeout: duration().default(120_000),
    clientResponseHeaderTimeout: duration().default(30_000),
    certificateTimeout: duration().default(30_000),
    caCertificates: texts().default([]),
    caSystemCertPool: flag().default(false),
    caServerName: text().default(""),
    onDemand: ours(
      onDemand(),
      "certificates for names that clients ask for, of routers whose rules don't say them (HostRegexp): what `ask` answers 2xx to is ordered, `perHour` orders at most",
    ),
    dnsChallenge: dnsChallenge().optional(),
    httpChallenge: z
      .strictObject({ entryPoint: text().default(""), delay: duration().default(0) })
      .optional(),
    tlsChallenge: limited(
      z.strictObject({ delay: duration().default(0) }),
      "refused by name on Deno, whose TLS library can't show such certificates",
    ),
  });

export const certificatesResolvers = () =>
  z.record(
    z.string(),
    z
      .strictObject({ acme: acme().optional(), tailscale: z.strictObject({}).optional() })
      .refine(
        (resolver) => resolver.acme === undefined || resolver.tailscale === undefined,
        "expected acme or tailscale, found both",
      ),
  );

/** A resolver's `acme`, with its defaults; durations in milliseconds. */
export type AcmeConfiguration = z.output<ReturnType<typeof acme>>;
