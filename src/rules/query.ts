/**
 * The values of one key in a query string ("?" not included), as Go's url.ParseQuery decodes them:
 * "+" is a space, and a pair with a broken escape or a ";" is none.
 */
export function queryValues(query: string, key: string): string[] {
  const values: string[] = [];
  for (const pair of query.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (name !== key) continue;
    const value = decode(equals < 0 ? "" : pair.slice(equals + 1));
    if (value !== null) values.push(value);
  }
  return values;
}

function decode(text: string): string | null {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}
