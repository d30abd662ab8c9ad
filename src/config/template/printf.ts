import { formatFloat, formatValue, kindOf, quote, typeOf, type Value } from "./values.ts";

/** Go lets nothing be wider, or more precise. */
const MAX_WIDTH = 10_000;

const VERB = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?([\s\S])?/gu;

/** Go's fmt.Sprintf for the verbs %v %s %q %d %t %f %e %g %x %X %o %b %c %U %T and %%. */
export function sprintf(format: string, values: readonly Value[]): string {
  let next = 0;
  const take = (): Value | undefined => (next < values.length ? values[next++] : undefined);
  const size = (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const number = text === "*" ? Number(take() ?? 0) : Number(text);
    return Number.isInteger(number) && Math.abs(number) <= MAX_WIDTH ? number : undefined;
  };
  const written = format.replace(VERB, (_, flags: string, width, precision, verb) => {
    const wanted = size(width);
    const digits = precision === undefined ? undefined : (size(precision) ?? 0);
    if (verb === undefined) return "%!(NOVERB)";
    if (verb === "%") return "%";
    const value = take();
    if (value === undefined) return `%!${verb}(MISSING)`;
    const left = flags.includes("-") || (wanted ?? 0) < 0;
    const text = oneValue(value, verb, flags, digits);
    return padded(text, Math.abs(wanted ?? 0), left, flags.includes("0") && isNumber(value));
  });
  if (next >= values.length) return written;
  const extra = values
    .slice(next)
    .map((value) => (value === null ? "<nil>" : `${typeOf(value)}=${formatValue(value)}`));
  return `${written}%!(EXTRA ${extra.join(", ")})`;
}

function isNumber(value: Value): boolean {
  return typeof value === "bigint" || typeof value === "number";
}

function padded(text: string, width: number, left: boolean, zeros: boolean): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (left) return text + " ".repeat(missing);
  if (!zeros) return " ".repeat(missing) + text;
  const sign = /^[-+ ]/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function oneValue(
  value: Value,
  verb: string,
  flags: string,
  precision: number | undefined,
): string {
  if (verb === "T") return typeOf(value);
  if (value === null)
    return verb === "v" || verb === "s"
      ? verb === "v"
        ? "<nil>"
        : "%!s(<nil>)"
      : `%!${verb}(<nil>)`;
  if (verb === "v" && !flags.includes("#")) {
    return isNumber(value) ? withSign(formatValue(value), flags) : formatValue(value);
  }
  if (Array.isArray(value))
    return `[${value.map((item) => oneValue(item, verb, flags, precision)).join(" ")}]`;
  const text =
    typeof value === "string"
      ? ofString(value, verb, precision)
      : typeof value === "bigint"
        ? ofInteger(value, verb, flags, precision)
        : typeof value === "number"
          ? ofFloat(value, verb, flags, precision)
          : typeof value === "boolean" && verb === "t"
            ? String(value)
            : undefined;
  return text ?? `%!${verb}(${typeOf(value)}=${formatValue(value)})`;
}

function withSign(text: string, flags: string): string {
  if (/^[-+]/.test(text)) return text;
  return flags.includes("+") ? `+${text}` : flags.includes(" ") ? ` ${text}` : text;
}

function ofString(value: string, verb: string, precision: number | undefined): string | undefined {
  const text = precision === undefined ? value : [...value].slice(0, precision).join("");
  switch (verb) {
    case "s":
      return text;
    case "v":
    case "q":
      return quote(text);
    case "x":
    case "X": {
      const bytes = Array.from(new TextEncoder().encode(value), (byte) =>
        byte.toString(16).padStart(2, "0"),
      ).join("");
      return verb === "x" ? bytes : bytes.toUpperCase();
    }
    default:
      return undefined;
  }
}

const RADIX: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, x: 16, X: 16 };

function ofInteger(
  value: bigint,
  verb: string,
  flags: string,
  precision: number | undefined,
): string | undefined {
  if (verb === "c") return String.fromCodePoint(Number(value));
  if (verb === "q") return `'${String.fromCodePoint(Number(value))}'`;
  if (verb === "U") return `U+${value.toString(16).toUpperCase().padStart(4, "0")}`;
  const radix = RADIX[verb];
  if (radix === undefined) return undefined;
  const prefix = !flags.includes("#")
    ? ""
    : verb === "o"
      ? "0"
      : /[xX]/.test(verb)
        ? `0${verb}`
        : verb === "b"
          ? "0b"
          : "";
  const digits = (value < 0n ? -value : value).toString(radix).padStart(precision ?? 0, "0");
  const text = verb === "X" ? digits.toUpperCase() : digits;
  return withSign(`${value < 0n ? "-" : ""}${prefix}${text}`, flags);
}

function ofFloat(
  value: number,
  verb: string,
  flags: string,
  precision: number | undefined,
): string | undefined {
  if (!Number.isFinite(value)) return withSign(formatFloat(value), flags);
  switch (verb) {
    case "f":
    case "F":
      return withSign(value.toFixed(Math.min(precision ?? 6, 100)), flags);
    case "e":
    case "E": {
      const [digits, power] = value.toExponential(Math.min(precision ?? 6, 100)).split("e");
      const exponent = `${verb}${power[0]}${power.slice(1).padStart(2, "0")}`;
      return withSign(`${digits}${exponent}`, flags);
    }
    case "G":
      return ofFloat(value, "g", flags, precision)?.toUpperCase();
    case "g":
    case "v":
      return withSign(
        precision === undefined
          ? formatFloat(value)
          : formatFloat(
              Number(value.toPrecision(Math.max(1, Math.min(precision, 100)))),
              Math.max(1, precision),
            ),
        flags,
      );
    default:
      return undefined;
  }
}

/** Go's fmt.Sprint: a blank between two values that are no texts. */
export function sprint(values: readonly Value[]): string {
  return values
    .map((value, i) => {
      const spaced = i > 0 && kindOf(value) !== "string" && kindOf(values[i - 1]) !== "string";
      return `${spaced ? " " : ""}${formatValue(value)}`;
    })
    .join("");
}
