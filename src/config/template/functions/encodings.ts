import { formatFloat, GoMap, type Value } from "../values.ts";
import { fn, type TemplateFunction } from "./function.ts";

const fromJson = (text: string): Value => decoded(JSON.parse(text));
const json = fn("any", (value: Value) => encoded(value, "", true));
const prettyJson = fn("any", (value: Value) => encoded(value, "  ", true));
const rawJson = fn("any", (value: Value) => encoded(value, "", false));

/** JSON, Base64, Base32 and paths, as sprig has them. */
export const ENCODINGS: Readonly<Record<string, TemplateFunction>> = {
  toJson: json,
  mustToJson: json,
  toPrettyJson: prettyJson,
  mustToPrettyJson: prettyJson,
  toRawJson: rawJson,
  mustToRawJson: rawJson,
  fromJson: fn("string", (text: string) => {
    try {
      return fromJson(text);
    } catch {
      return null;
    }
  }),
  mustFromJson: fn("string", fromJson),
  b64enc: fn("string", (text: string) => base64(new TextEncoder().encode(text))),
  b64dec: fn("string", (text: string) => {
    const illegal = text.search(/[^A-Za-z0-9+/=\r\n]/);
    try {
      if (illegal >= 0 || text.replace(/[\r\n]/g, "").length % 4 !== 0) throw new Error();
      return new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
    } catch {
      return `illegal base64 data at input byte ${illegal < 0 ? text.length - (text.length % 4) : illegal}`;
    }
  }),
  base: fn("string", baseOf),
  dir: fn("string", (path: string) => clean(path.slice(0, path.lastIndexOf("/") + 1))),
  clean: fn("string", clean),
  ext: fn("string", (path: string) => /\.[^./]*$/.exec(path)?.[0] ?? ""),
  isAbs: fn("string", (path: string) => path.startsWith("/")),
};

/** Go's path.Base. */
function baseOf(path: string): string {
  if (path === "") return ".";
  const trimmed = path.replace(/\/+$/, "");
  return trimmed === "" ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** As Go reads JSON into any: all numbers are floats. */
function decoded(data: unknown): Value {
  if (Array.isArray(data)) return data.map(decoded);
  if (typeof data === "object" && data !== null)
    return new GoMap(Object.entries(data).map(([key, child]) => [key, decoded(child)]));
  return data as Value;
}

/** As Go writes JSON: keys sorted, and what a browser could take for HTML escaped. */
function encoded(value: Value, indent: string, html: boolean, at = ""): string {
  const below = at + indent;
  const [open, between, close] =
    indent === "" ? ["", ",", ""] : [`\n${below}`, `,\n${below}`, `\n${at}`];
  if (value === null) return "null";
  if (typeof value === "string") return jsonText(value, html);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Error("unsupported value");
    return formatFloat(value, 21, -6).replace("e-0", "e-");
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[${open}${value.map((item) => encoded(item, indent, html, below)).join(between)}${close}]`;
  }
  if (value instanceof GoMap) {
    if (value.entries.size === 0) return "{}";
    const colon = indent === "" ? ":" : ": ";
    const pairs = value
      .keys()
      .map(
        (key) => `${jsonText(key, html)}${colon}${encoded(value.get(key), indent, html, below)}`,
      );
    return `{${open}${pairs.join(between)}${close}}`;
  }
  return String(value);
}

function jsonText(text: string, html: boolean): string {
  const marks = html ? /[<>&\u2028\u2029]/g : /[\u2028\u2029]/g;
  return JSON.stringify(text).replace(
    marks,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Go's path.Clean. */
function clean(path: string): string {
  const rooted = path.startsWith("/");
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.length > 0 && segments.at(-1) !== "..") segments.pop();
    else if (!rooted) segments.push("..");
  }
  const cleaned = `${rooted ? "/" : ""}${segments.join("/")}`;
  return cleaned === "" ? "." : cleaned;
}
