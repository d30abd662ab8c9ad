/** The boolean of a label. Throws an Error where it is none of Go's. */
export function booleanLabel(name: string, text: string | undefined, otherwise: boolean): boolean {
  if (text === undefined || text === "") return otherwise;
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new Error(`${name}: expected true or false, found "${text}"`);
}
