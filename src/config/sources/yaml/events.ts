import { EVENT_ID, type Event, getScalarValue, parseEvents, YAMLException } from "js-yaml";

/** Sections and lists in each other. */
const MAX_DEPTH = 200;

/** Where a text stops being YAML. */
export class YamlSyntaxError extends Error {
  override readonly name = "YamlSyntaxError";
  readonly offset: number;
  /** More indentation inside of brackets or quotes would mend it. */
  readonly isIndentation: boolean;

  constructor(offset: number, message: string, isIndentation: boolean) {
    super(message);
    this.offset = offset;
    this.isIndentation = isIndentation;
  }
}

/** What one event says: a document, section or list begins or ends, a scalar or an alias stands here. */
export type YamlEvent = Event;
export type ScalarEvent = Extract<Event, { type: 4 }>;

export const EVENT = EVENT_ID;

/** The parser's mark for what isn't there. */
const ABSENT = -1;
const PLAIN = 1;
const DOUBLE_QUOTED = 3;

/** A text as a flat list of events. Throws YamlSyntaxError. */
export function yamlEvents(text: string): readonly YamlEvent[] {
  try {
    return parseEvents(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const offset = error.mark?.position ?? 0;
    const message = inWords(error.reason, text, offset);
    throw new YamlSyntaxError(offset, message, error.reason === "deficient indentation");
  }
}

export function scalarText(text: string, event: ScalarEvent): string {
  return getScalarValue(text, event);
}

export function isPlain(event: ScalarEvent): boolean {
  return event.style === PLAIN;
}

/** What stands behind `&` at a node, or behind `*`. */
export function anchorOf(text: string, event: YamlEvent): string | undefined {
  if (!("anchorStart" in event) || event.anchorStart === ABSENT) return undefined;
  return text.slice(event.anchorStart, event.anchorEnd);
}

/** The tag as written, `!!str`. */
export function tagOf(text: string, event: YamlEvent): string | undefined {
  if (!("tagStart" in event) || event.tagStart === ABSENT) return undefined;
  return text.slice(event.tagStart, event.tagEnd);
}

/** Where a node begins, behind its anchor and tag; undefined for one that isn't written. */
export function offsetOf(text: string, event: YamlEvent): number | undefined {
  switch (event.type) {
    case EVENT.SEQUENCE:
    case EVENT.MAPPING:
      return event.start;
    case EVENT.ALIAS:
      return event.anchorStart - 1;
    case EVENT.SCALAR: {
      if (event.valueStart === ABSENT) {
        const { tagStart, anchorStart } = event;
        return tagStart !== ABSENT
          ? tagStart
          : anchorStart !== ABSENT
            ? anchorStart - 1
            : undefined;
      }
      if (event.style === PLAIN) return event.valueStart;
      return event.style <= DOUBLE_QUOTED ? event.valueStart - 1 : headerOf(text, event.valueStart);
    }
    default:
      return undefined;
  }
}

/** The `|` or `>` of a block whose text begins at an offset: it stands in the line above. */
function headerOf(text: string, contentStart: number): number {
  const head = text.slice(0, contentStart).replace(/\r?\n$|\r$/, "");
  const header = /[|>][-+\d]*[ \t]*(?:[ \t]#[^\r\n]*)?$/.exec(head.slice(-1000));
  return header === null ? contentStart : Math.max(0, head.length - 1000) + header.index;
}

/** The parser's reasons in our words: what was expected, what was found. */
function inWords(reason: string, text: string, offset: number): string {
  const end = "found the end of the file";
  if (/(?:^|[\r\n]) *\t[^\r\n]*$/.test(text.slice(Math.max(0, offset - 1000), offset)))
    return "expected spaces as indentation, found a tab";
  switch (reason) {
    case `nesting exceeded maxDepth (${MAX_DEPTH})`:
      return `expected at most ${MAX_DEPTH} sections and lists in each other, found more`;
    case "tab characters must not be used in indentation":
      return "expected spaces as indentation, found a tab";
    case "bad indentation of a mapping entry":
      return text[offset] === ":"
        ? 'found a second ":" in the line: text that has ": " in it needs quotes'
        : "expected the same indentation as the keys above, found another";
    case "bad indentation of a sequence entry":
      return "expected the same indentation as the elements above, found another";
    case "deficient indentation":
      return "expected the end of the quotes or brackets that are open, or more indentation";
    case "unexpected end of the stream within a flow collection":
      return `expected the list to end with a ], or the section with a }, ${end}`;
    case "missed comma between flow collection entries":
      return "expected a comma or the end of the list or section";
    case "unexpected end of the stream within a single quoted scalar":
      return `expected the quote ' that ends the text, ${end}`;
    case "unexpected end of the stream within a double quoted scalar":
      return `expected the quote " that ends the text, ${end}`;
    case "expected ':' after a mapping key":
    case "can not read a block mapping entry; a multiline key may not be an implicit key":
      return 'expected a ":" behind the key, found none';
    case "a whitespace character is expected after the key-value separator within a block mapping":
      return 'expected a blank behind the ":" of the key, found none';
    case "end of the stream or a document separator is expected":
      return "expected the end of the document, found something behind it that is no part of it";
    case "null byte is not allowed in input":
    case "the stream contains non-printable characters":
    case "expected valid JSON character":
      return "expected text, found a control character";
    default:
      return reason;
  }
}
