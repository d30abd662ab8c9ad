/** YAML 1.2's core schema: what a plain scalar or one with a tag stands for. */

const CORE = "tag:yaml.org,2002:";

const NULL = /^(?:~|[Nn]ull|NULL)?$/;
const TRUE = /^(?:[Tt]rue|TRUE)$/;
const FALSE = /^(?:[Ff]alse|FALSE)$/;
const INTEGER = /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/;
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$/;
const NOT_A_NUMBER = /^\.(?:nan|NaN|NAN)$/;
const FLOAT =
  /^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)$|^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+$/;

/** Tags of YAML 1.1 whose values are no plain data. */
const FOREIGN = new Set(["binary", "omap", "pairs", "set", "timestamp"].map((name) => CORE + name));

/** Digits that a double holds, whatever they are. */
const SAFE_DIGITS = 15;

export function isForeignTag(tag: string): boolean {
  return FOREIGN.has(tag);
}

/** A tag as written, its handle put in full; `!` alone and unknown ones are as good as any other. */
export function fullTag(raw: string, handles: Readonly<Record<string, string>>): string {
  if (raw.startsWith("!<") && raw.endsWith(">")) return raw.slice(2, -1);
  const handleEnd = raw.indexOf("!", 1);
  const handle = handleEnd < 0 ? "!" : raw.slice(0, handleEnd + 1);
  const prefix = Object.hasOwn(handles, handle) ? handles[handle] : handle === "!!" ? CORE : handle;
  return prefix + raw.slice(handle.length);
}

/** The value of a plain scalar. Integers that a double can't hold are bigints. */
export function plainScalar(text: string): unknown {
  if (!mayBeOther(text)) return text;
  if (NULL.test(text)) return null;
  if (TRUE.test(text)) return true;
  if (FALSE.test(text)) return false;
  return numberOf(text) ?? text;
}

/** The value of a scalar with a tag: text, unless the tag is of another kind and the text fits it. */
export function taggedScalar(text: string, tag: string): unknown {
  switch (tag) {
    case `${CORE}null`:
      return NULL.test(text) ? null : text;
    case `${CORE}bool`:
      return TRUE.test(text) ? true : FALSE.test(text) ? false : text;
    case `${CORE}int`:
      return INTEGER.test(text) ? integerOf(text) : text;
    case `${CORE}float`:
      return INTEGER.test(text) ? text : (numberOf(text) ?? text);
    default:
      return text;
  }
}

/** False for most texts at a glance: what isn't text begins with one of these. */
function mayBeOther(text: string): boolean {
  if (text === "") return true;
  switch (text.charCodeAt(0)) {
    case 0x2b: // +
    case 0x2d: // -
    case 0x2e: // .
    case 0x7e: // ~
    case 0x46: // F
    case 0x66:
    case 0x4e: // N
    case 0x6e:
    case 0x54: // T
    case 0x74:
      return true;
    default: {
      const digit = text.charCodeAt(0) - 0x30;
      return digit >= 0 && digit <= 9;
    }
  }
}

function numberOf(text: string): number | bigint | undefined {
  if (INTEGER.test(text)) return integerOf(text);
  if (FLOAT.test(text)) return Number(text);
  if (INFINITE.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return NOT_A_NUMBER.test(text) ? NaN : undefined;
}

function integerOf(text: string): number | bigint {
  const number = Number(text);
  if (text.length <= SAFE_DIGITS || Number.isSafeInteger(number)) return number === 0 ? 0 : number;
  return BigInt(text);
}
