/** An element of an XML document. Names are without their prefixes. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Its own text, that of its children excepted, without white space around it. */
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** The elements of that name in it, at any depth. */
  all(name: string): XmlElement[];
  /** The text of the first element of that name in it; undefined where there is none. */
  textOf(name: string): string | undefined;
}

const MAX_DEPTH = 100;

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

const TOKEN =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([^\s<>/]+)\s*>|<([^\s<>/!?]+)((?:\s+[^\s<>=/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/**
 * Reads an XML document as services answer with it: elements, attributes, text, CDATA. There is no
 * document type, and so no entity of its own. Throws an Error where it isn't well-formed.
 */
export function readXml(text: string): XmlElement {
  const open: Element[] = [];
  let root: Element | undefined;
  TOKEN.lastIndex = text.startsWith("\uFEFF") ? 1 : 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw malformed(`unexpected text at offset ${at}`);
    const [, data, closed, opened, attributes, empty, plain] = match;
    const parent = open.at(-1);
    if (closed !== undefined) {
      if (open.pop()?.tag !== closed) throw malformed(`</${closed}> closes nothing`);
    } else if (opened !== undefined) {
      const element = new Element(opened, attributesOf(attributes));
      if (parent !== undefined) parent.children.push(element);
      else if (root === undefined) root = element;
      else throw malformed("it has two roots");
      if (empty === "") open.push(element);
      if (open.length > MAX_DEPTH) throw malformed(`more than ${MAX_DEPTH} elements in each other`);
    } else if (parent !== undefined) {
      parent.raw += data ?? (plain === undefined ? "" : decoded(plain));
    } else if (plain?.trim() || data !== undefined) throw malformed("text outside of the root");
  }
  if (root === undefined || open.length > 0) throw malformed("it ends too early");
  return root;
}

class Element implements XmlElement {
  readonly tag: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[] = [];
  raw = "";

  constructor(tag: string, attributes: Readonly<Record<string, string>>) {
    this.tag = tag;
    this.name = tag.slice(tag.indexOf(":") + 1);
    this.attributes = attributes;
  }

  get text(): string {
    return this.raw.trim();
  }

  all(name: string): XmlElement[] {
    return this.children.flatMap((child) => [
      ...(child.name === name ? [child] : []),
      ...child.all(name),
    ]);
  }

  textOf(name: string): string | undefined {
    return this.all(name)[0]?.text;
  }
}

function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, double, single] of text.matchAll(ATTRIBUTE))
    attributes[name] = decoded(double ?? single);
  return attributes;
}

function decoded(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));|&/gi, (_, hex, decimal, name) => {
    if (name !== undefined && Object.hasOwn(ENTITIES, name)) return ENTITIES[name];
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal);
    if (code >= 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    throw malformed(`the entity "${_}" means nothing`);
  });
}

/** Escapes a text for an element or an attribute. */
export function xmlText(text: string): string {
  return text.replace(/[<>&"']/g, (found) => `&#${found.charCodeAt(0)};`);
}

function malformed(what: string): Error {
  return new Error(`malformed XML: ${what}`);
}
