/**
 * JSON as Go's encoder writes it: `<`, `>` and `&` escaped, integers exact whatever their size,
 * members whose value is undefined left out, a line break at the end.
 */
export function goJson(value: unknown): string {
  return `${encode(value)}\n`;
}

function encode(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .map(([key, child]) => `${text(key)}:${encode(child)}`);
    return `{${members.join(",")}}`;
  }
  return typeof value === "string" ? text(value) : (JSON.stringify(value) ?? "null");
}

function text(value: string): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The members of an object in the order of their names, as Go has its maps. */
export function sorted<T>(object: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
