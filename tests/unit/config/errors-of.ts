import { validateDynamic } from "../../../src/config/dynamic/validate.ts";
import { ConfigError, formatIssue } from "../../../src/config/sources/document.ts";
import { parseFile } from "../../../src/config/sources/parse-file.ts";
import { staticSchema } from "../../../src/config/static/schema.ts";
import { validate } from "../../../src/config/validate.ts";

/** Everything that is wrong with a static configuration, one line each. */
export function staticErrors(text: string, file = "traefik.yml"): string[] {
  return linesOf(() => {
    const document = parseFile(text, file);
    return validate(staticSchema, document.value, document).issues.map(formatIssue);
  });
}

/** The same of a dynamic configuration, elements and all. */
export function dynamicErrors(text: string, file = "dynamic.yml"): string[] {
  return linesOf(() => {
    const { issues, disabled } = validateDynamic(parseFile(text, file));
    return [...issues.map(formatIssue), ...disabled.flatMap(({ errors }) => errors)];
  });
}

function linesOf(run: () => string[]): string[] {
  try {
    return run();
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
}
