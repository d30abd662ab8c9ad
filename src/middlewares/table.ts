import { addPrefix } from "./add-prefix.ts";
import { contentType } from "./content-type.ts";
import { headers } from "./headers.ts";
import { ipAllowList } from "./ip-allow-list.ts";
import type { MiddlewareFactory } from "./middleware-factory.ts";
import { redirectRegex } from "./redirect-regex.ts";
import { redirectScheme } from "./redirect-scheme.ts";
import { replacePath } from "./replace-path.ts";
import { replacePathRegex } from "./replace-path-regex.ts";
import { stripPrefix } from "./strip-prefix.ts";
import { stripPrefixRegex } from "./strip-prefix-regex.ts";

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
