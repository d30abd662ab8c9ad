import { contentType } from "./content-type.ts";
import { headers } from "./headers/headers.ts";
import { ipAllowList } from "./ip-allow-list.ts";
import type { MiddlewareFactory } from "./middleware-factory.ts";
import { addPrefix } from "./path/add-prefix.ts";
import { replacePath } from "./path/replace-path.ts";
import { replacePathRegex } from "./path/replace-path-regex.ts";
import { stripPrefix } from "./path/strip-prefix.ts";
import { stripPrefixRegex } from "./path/strip-prefix-regex.ts";
import { redirectRegex } from "./redirect/redirect-regex.ts";
import { redirectScheme } from "./redirect/redirect-scheme.ts";

/**
 * The middlewares that Sluice has, by their key in the dynamic configuration. `chain` isn't one of
 * them: the graph resolves it. The options of each were validated by the schema.
 */
export const MIDDLEWARES: Readonly<Record<string, MiddlewareFactory<never>>> = {
  addPrefix,
  contentType,
  headers,
  ipAllowList,
  redirectRegex,
  redirectScheme,
  replacePath,
  replacePathRegex,
  stripPrefix,
  stripPrefixRegex,
};
