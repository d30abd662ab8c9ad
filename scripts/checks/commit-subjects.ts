/** Characters. */
const LIMIT = 72;

/** `area: what it does`; an area is a folder, a protocol, a page or a feature ("access log"), and there may be several. */
const FORM =
  /^[A-Za-z0-9][\w./-]*(?: (?!and )[a-z][\w-]*)?(?:(?:, | and )[A-Za-z0-9][\w./-]*(?: (?!and )[a-z][\w-]*)?)*: \S/;

/** What is against the rules for the first line of a commit; undefined where nothing is. */
export function subjectProblem(subject: string): string | undefined {
  if (subject.length > LIMIT)
    return `"${subject}": ${subject.length} characters, more than ${LIMIT}`;
  if (/^Revert "/.test(subject) || FORM.test(subject)) return undefined;
  return `"${subject}": not in the form "area: what it does"`;
}
