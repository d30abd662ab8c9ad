import { denyEncodedCharacters } from "../../../http/encoded-characters.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";

/**
 * `encodedCharacters`: refuses paths with an encoded character that isn't allowed, with an empty 400.
 * Source: Traefik's pkg/middlewares/encodedcharacters/encoded_characters.go.
 */
export const encodedCharacters: HttpMiddlewareKind<"encodedCharacters"> = {
  create: (options) => ({ middleware: denyEncodedCharacters(options) }),
};
