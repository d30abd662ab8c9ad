import { z } from "zod";
import { text } from "../fields.ts";

const pathOrPem = () => text().min(1, "expected a file's path or PEM text, found nothing");

/** A certificate (its chain, the leaf first) and its key: each a file's path, or PEM text itself. */
export const certificate = () => z.strictObject({ certFile: pathOrPem(), keyFile: pathOrPem() });

/** CAs: each a file's path, or PEM text itself. */
export const certificateAuthorities = () => z.array(pathOrPem());
