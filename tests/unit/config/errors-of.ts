import { validateDynamic } from "../../../src/config/dynamic/validate.ts";
import { ConfigError, formatIssue } from "../../../src/config/sources/document.ts";
import { parseFile } from "../../../src/config/sources/parse-file.ts";
import { staticSchema } from "../../../src/config/static/schema.ts";
import { settle } from "../../../src/config/static/settle.ts";
import { validate } from "../../../src/config/validate.ts";

/** Everything that is said of a static configuration, one line each: what is wrong, then notices. */
export function staticErrors(text: string, file = "traefik.yml"): string[] {
  return linesOf(() => {
    const document = parseFile(text, file);
    const { value, issues, notices } = validate(staticSchema, document.value, document);
    const settled = value === undefined ? [] : settle(value, document).notices;
    return [...issues, ...notices, ...settled].map(formatIssue);
  });
}

/** The same of a dynamic configuration, elements and all. */
export function dynamicErrors(text: string, file = "dynamic.yml"): string[] {
  return linesOf(() => {
    const { issues, disabled, notices } = validateDynamic(parseFile(text, file));
    const lines = [...issues, ...notices].map(formatIssue);
    return [...lines, ...disabled.flatMap(({ errors }) => errors)];
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
