import { z } from "zod";
import { text, texts } from "../fields.ts";
import { weightedServices } from "./weighted-services.ts";

export const udpSchema = z.strictObject({
  routers: z
    .record(
      z.string(),
      z.strictObject({ entryPoints: texts().optional(), service: text().optional() }),
    )
    .optional(),
  services: z
    .record(
      z.string(),
      z.strictObject({
        loadBalancer: z
          .strictObject({
            servers: z.array(z.strictObject({ address: text().optional() })).optional(),
          })
          .optional(),
        weighted: weightedServices().optional(),
      }),
    )
    .optional(),
});
