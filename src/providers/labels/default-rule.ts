import { compileTemplate } from "../../config/template/template.ts";
import { GoMap } from "../../config/template/values.ts";

/** What the template of a default rule sees. */
export interface RuleModel {
  /** The service's name, normalised. */
  readonly Name: string;
  /** Of containers. */
  readonly ContainerName?: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/**
 * Reads the template of a default rule, such as ``Host(`{{ normalize .Name }}.example.com`)``. Throws
 * TemplateError, as what it returns does where it can't be made.
 */
export function defaultRule(
  template: string,
  env: Readonly<Record<string, string | undefined>>,
): (model: RuleModel) => string {
  const compiled = compileTemplate(template, env);
  return ({ Labels, ...names }) =>
    compiled.render(
      new GoMap(
        [
          ...Object.entries(names).filter(
            (entry): entry is [string, string] => entry[1] !== undefined,
          ),
          ["Labels", new GoMap(Object.entries(Labels), "")],
        ],
        null,
        true,
      ),
    ).text;
}
