import { FieldId } from "../../../../wire/field-names.ts";
import type { HeaderList } from "../../../../wire/header-list.ts";

/** The Set-Cookie lines of an answer whose cookies are listed. */
export function answerCookies(answer: HeaderList, listed: ReadonlySet<string>): string[] {
  return answer.all("set-cookie").filter((line) => listed.has(cookieName(line)));
}

/** Adds cookies to a response; they take the place of those with the same names. All others stay as they are. */
export function addCookies(response: HeaderList, lines: readonly string[]): void {
  const names = new Set(lines.map(cookieName));
  for (let slot = -1; (slot = response.findId(FieldId.setCookie, slot + 1)) >= 0; )
    if (names.has(cookieName(response.valueAt(slot)))) response.removeAt(slot);
  for (const line of lines) response.appendId(FieldId.setCookie, line);
}

function cookieName(line: string): string {
  return line.split(/[=;]/, 1)[0].trim();
}
