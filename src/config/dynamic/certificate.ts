import { z } from "zod";
import { text } from "../fields.ts";

/** A certificate and its key: each a file's path, or PEM text itself. */
export const certificate = () =>
  z.strictObject({ certFile: text().optional(), keyFile: text().optional() });
