import { compileGoRegexp } from "../../../../rules/go-regexp.ts";
import type { HeaderList } from "../../../../wire/header-list.ts";
import { canonicalFieldName } from "../../headers/field-edits.ts";

export interface AnswerFieldsOptions {
  readonly authResponseHeaders?: readonly string[] | undefined;
  readonly authResponseHeadersRegex?: string | undefined;
}

/**
 * Puts fields of the answer in the place of the request's: the listed ones, gone where the answer lacks them, and
 * all whose canonical names the expression finds. Throws where a name or the expression is none.
 */
export function answerFields({
  authResponseHeaders = [],
  authResponseHeadersRegex = "",
}: AnswerFieldsOptions): (request: HeaderList, answer: HeaderList) => void {
  const listed = authResponseHeaders.map((name) => canonicalFieldName(name));
  const expression =
    authResponseHeadersRegex === "" ? null : compileGoRegexp(authResponseHeadersRegex);
  return (request, answer) => {
    for (const name of listed) replace(request, name, answer);
    if (expression === null) return;
    for (const name of namesOf(request))
      if (expression.test(name)) request.delete(name.toLowerCase());
    for (const name of namesOf(answer)) if (expression.test(name)) replace(request, name, answer);
  };
}

function replace(request: HeaderList, name: string, answer: HeaderList): void {
  const lowerName = name.toLowerCase();
  request.delete(lowerName);
  for (const value of answer.all(lowerName)) request.append(name, value);
}

function namesOf(list: HeaderList): Set<string> {
  const names = new Set<string>();
  for (let i = 0; i < list.slots; i++)
    if (list.idAt(i) >= 0) names.add(canonicalFieldName(list.nameAt(i)));
  return names;
}
