import { z } from "zod";
import { duration, flag, integer, text, texts } from "../fields.ts";

const acme = () =>
  z.strictObject({
    email: text().optional(),
    caServer: text().optional(),
    preferredChain: text().optional(),
    profile: text().optional(),
    emailAddresses: texts().optional(),
    disableCommonName: flag().optional(),
    storage: text().optional(),
    keyType: text().optional(),
    eab: z.strictObject({ kid: text().optional(), hmacEncoded: text().optional() }).optional(),
    certificatesDuration: integer().optional(),
    clientTimeout: duration().optional(),
    clientResponseHeaderTimeout: duration().optional(),
    certificateTimeout: duration().optional(),
    caCertificates: texts().optional(),
    caSystemCertPool: flag().optional(),
    caServerName: text().optional(),
    dnsChallenge: z
      .strictObject({
        provider: text().optional(),
        resolvers: texts().optional(),
        propagation: z
          .strictObject({
            disableChecks: flag().optional(),
            disableANSChecks: flag().optional(),
            requireAllRNS: flag().optional(),
            delayBeforeChecks: duration().optional(),
          })
          .optional(),
        delayBeforeCheck: duration().optional(),
        disablePropagationCheck: flag().optional(),
      })
      .optional(),
    httpChallenge: z
      .strictObject({ entryPoint: text().optional(), delay: duration().optional() })
      .optional(),
    tlsChallenge: z.strictObject({ delay: duration().optional() }).optional(),
  });

export const certificatesResolvers = () =>
  z.record(
    z.string(),
    z.strictObject({ acme: acme().optional(), tailscale: z.strictObject({}).optional() }),
  );
