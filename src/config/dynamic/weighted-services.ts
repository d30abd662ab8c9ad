import { z } from "zod";
import { integer, text } from "../fields.ts";

/** The `weighted` service of TCP and UDP. */
export const weightedServices = () =>
  z.strictObject({
    services: z
      .array(z.strictObject({ name: text().optional(), weight: integer().optional() }))
      .optional(),
  });
