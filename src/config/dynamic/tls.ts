import { z } from "zod";
import { flag, text, texts } from "../fields.ts";
import { certificate } from "./certificate.ts";

export const tlsSchema = z.strictObject({
  certificates: z.array(certificate().extend({ stores: texts().optional() })).optional(),
  options: z
    .record(
      z.string(),
      z.strictObject({
        minVersion: text().optional(),
        maxVersion: text().optional(),
        cipherSuites: texts().optional(),
        curvePreferences: texts().optional(),
        clientAuth: z
          .strictObject({ caFiles: texts().optional(), clientAuthType: text().optional() })
          .optional(),
        sniStrict: flag().optional(),
        alpnProtocols: texts().optional(),
        disableSessionTickets: flag().optional(),
        preferServerCipherSuites: flag().optional(),
      }),
    )
    .optional(),
  stores: z
    .record(
      z.string(),
      z.strictObject({
        defaultCertificate: certificate().optional(),
        defaultGeneratedCert: z
          .strictObject({
            resolver: text().optional(),
            domain: z
              .strictObject({ main: text().optional(), sans: texts().optional() })
              .optional(),
          })
          .optional(),
      }),
    )
    .optional(),
});
