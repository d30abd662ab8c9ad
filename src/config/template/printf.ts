import { formatFloat, formatValue, GoMap, kindOf, quote, typeOf, type Value } from "./values.ts";

/** Go lets nothing be wider, or more precise. */
const MAX_WIDTH = 10_000;

const VERB = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?([\s\S])?/gu;

/** How a verb is to be written. */
interface Spec {
  readonly verb: string;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

/** Go's fmt.Sprintf for the verbs %v %s %q %d %t %f %e %g %x %X %o %b %c %U %T and %%. */
export function sprintf(format: string, values: readonly Value[]): string {
  let next = 0;
  const take = (): Value | undefined => (next < values.length ? values[next++] : undefined);
  const size = (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const number = text === "*" ? Number(take() ?? 0) : Number(text);
    return Number.isInteger(number) && Math.abs(number) <= MAX_WIDTH ? number : undefined;
  };
  const written = format.replace(VERB, (_, marks: string, wide, precise, verb) => {
    const wanted = size(wide) ?? 0;
    const precision = precise === undefined ? undefined : (size(precise) ?? 0);
    if (verb === undefined) return "%!(NOVERB)";
    if (verb === "%") return "%";
    const value = take();
    if (value === undefined) return `%!${verb}(MISSING)`;
    const flags = wanted < 0 ? `${marks}-` : marks;
    return oneValue(value, { verb, flags, width: Math.abs(wanted), precision });
  });
  if (next >= values.length) return written;
  const extra = values
    .slice(next)
    .map((value) => (value === null ? "<nil>" : `${typeOf(value)}=${formatValue(value)}`));
  return `${written}%!(EXTRA ${extra.join(", ")})`;
}

/** To the width, with blanks or, as far as `zeros` lets it, with zeros. */
function padded(text: string, { width, flags }: Spec, zeros = true): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  if (!zeros || !flags.includes("0")) return " ".repeat(missing) + text;
  const sign = /^[-+ ]/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

/** Lists and maps are written element by element, each with the width. */
function oneValue(value: Value, spec: Spec): string {
  const { verb, flags } = spec;
  if (verb === "v" && flags.includes("#")) throw new Error("%#v is not supported by Sluice");
  if (typeof value === "number" && /[xXb]/.test(verb))
    throw new Error(`%${verb} of a float is not supported by Sluice`);
  if (verb === "T") return padded(cut(typeOf(value), spec.precision), spec);
  if (value === null) return verb === "v" ? padded("<nil>", spec) : `%!${verb}(<nil>)`;
  if (Array.isArray(value)) return `[${value.map((item) => oneValue(item, spec)).join(" ")}]`;
  if (value instanceof GoMap) {
    const pairs = value
      .keys()
      .map((key) => `${oneValue(key, spec)}:${oneValue(value.get(key), spec)}`);
    return `map[${pairs.join(" ")}]`;
  }
  const text =
    typeof value === "string"
      ? ofString(value, spec)
      : typeof value === "bigint"
        ? ofInteger(value, spec)
        : typeof value === "number"
          ? ofFloat(value, spec)
          : ofBoolean(value, spec);
  return (
    text ??
    `%!${verb}(${typeOf(value)}=${oneValue(value, { ...spec, verb: "v", flags: flags.replace("#", "") })})`
  );
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : [...text].slice(0, precision).join("");
}

function withSign(text: string, { flags, verb }: Spec): string {
  if (/^[-+]/.test(text)) return text;
  return flags.includes("+") && verb !== "v" ? `+${text}` : flags.includes(" ") ? ` ${text}` : text;
}

function ofBoolean(value: boolean, spec: Spec): string | undefined {
  return spec.verb === "t" || spec.verb === "v" ? padded(String(value), spec) : undefined;
}

function ofString(value: string, spec: Spec): string | undefined {
  const text = cut(value, spec.precision);
  switch (spec.verb) {
    case "s":
    case "v":
      return padded(text, spec);
    case "q":
      return padded(quote(text), spec);
    case "x":
    case "X": {
      const bytes = [...new TextEncoder().encode(value)].slice(0, spec.precision);
      const digits = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const prefix = spec.flags.includes("#") && digits !== "" ? "0x" : "";
      const text = prefix + digits;
      return padded(spec.verb === "x" ? text : text.toUpperCase(), spec);
    }
    default:
      return undefined;
  }
}

const RADIX: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, x: 16, X: 16 };

function ofInteger(value: bigint, spec: Spec): string | undefined {
  const { verb, flags, precision } = spec;
  if (verb === "c") return padded(character(value), spec);
  if (verb === "q")
    return padded(
      `'${quote(character(value)).slice(1, -1).replace('\\"', '"').replace(/^'$/, "\\'")}'`,
      spec,
    );
  if (verb === "U") {
    const digits = value
      .toString(16)
      .toUpperCase()
      .padStart(Math.max(4, precision ?? 0), "0");
    return padded(`U+${digits}`, spec);
  }
  const radix = RADIX[verb];
  if (radix === undefined) return undefined;
  if (precision === 0 && value === 0n) return padded("", spec);
  const prefix = flags.includes("#") ? (PREFIXES[verb] ?? "") : "";
  const digits = (value < 0n ? -value : value).toString(radix).padStart(precision ?? 0, "0");
  const text = verb === "X" ? digits.toUpperCase() : digits;
  const signed = withSign(`${value < 0n ? "-" : ""}${prefix}${text}`, spec);
  return padded(signed, spec, precision === undefined);
}

const PREFIXES: Readonly<Record<string, string>> = { o: "0", x: "0x", X: "0X", b: "0b" };

function character(code: bigint): string {
  return code >= 0n && code <= 0x10ffffn ? String.fromCodePoint(Number(code)) : "\uFFFD";
}

function ofFloat(value: number, spec: Spec): string | undefined {
  const { verb, precision } = spec;
  if (!/[eEfFgGv]/.test(verb)) return undefined;
  if (!Number.isFinite(value)) return padded(withSign(formatFloat(value), spec), spec, false);
  return padded(withSign(floatDigits(value, verb, precision), spec), spec);
}

function floatDigits(value: number, verb: string, precision: number | undefined): string {
  const digits = Math.min(precision ?? 6, 100);
  switch (verb) {
    case "f":
    case "F":
      // The platform has an exponent above.
      return Math.abs(value) >= 1e21
        ? `${BigInt(value)}${digits === 0 ? "" : `.${"0".repeat(digits)}`}`
        : value.toFixed(digits);
    case "e":
    case "E": {
      const [mantissa, power] = value.toExponential(digits).split("e");
      return `${mantissa}${verb}${power[0]}${power.slice(1).padStart(2, "0")}`;
    }
    case "G":
      return floatDigits(value, "g", precision).toUpperCase();
    default: {
      if (precision === undefined) return formatFloat(value);
      const places = Math.max(1, digits);
      return formatFloat(Number(value.toPrecision(places)), places);
    }
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
