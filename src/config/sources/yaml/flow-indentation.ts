/** A text with more indentation, and the way back to the offsets of what was written. */
export interface Indented {
  readonly text: string;
  original(offset: number): number;
}

/**
 * The text with the lines inside of brackets and quotes indented as YAML's grammar wants them, and
 * with blanks for the tabs between tokens, which the parser takes for indentation there. Go's parser,
 * and so Traefik's, takes any white space in brackets:
 *
 *     trustedIPs: [
 *       10.0.0.0/8
 *     ]
 *
 * Undefined where brackets or quotes don't end.
 */
export function indentFlow(text: string): Indented | undefined {
  return new FlowScanner(text).scan();
}

const isBlank = (char: string | undefined) => char === " " || char === "\t";
const isBreak = (char: string | undefined) => char === "\n" || char === "\r";
const isSpace = (char: string | undefined) => char === undefined || isBlank(char) || isBreak(char);

interface Insertion {
  /** In the text as written. */
  readonly offset: number;
  readonly spaces: number;
}

/** Goes through a text that may be no YAML; knows as much of it as tells brackets from text. */
class FlowScanner {
  private readonly text: string;
  private readonly insertions: Insertion[] = [];
  /** Offsets of tabs that are white space between tokens. */
  private readonly tabs: number[] = [];
  private at = 0;
  private lineStart = 0;

  constructor(text: string) {
    this.text = text;
  }

  scan(): Indented | undefined {
    while (this.at < this.text.length) {
      if (!this.line()) return undefined;
    }
    if (this.insertions.length === 0 && this.tabs.length === 0) return undefined;
    return indented(withBlanks(this.text, this.tabs), this.insertions);
  }

  /** One line outside of brackets, and the lines that its brackets, quotes and blocks go on to. */
  private line(): boolean {
    this.skipBlanks();
    /** The column that what belongs to the line's last key or dash is right of. */
    let parent = this.column;
    let startsToken = true;
    while (this.at < this.text.length) {
      const char = this.text[this.at];
      if (isBreak(char)) {
        this.breakLine();
        return true;
      }
      const next = this.text[this.at + 1];
      if (char === "#" && this.isAfterSpace()) this.skipLine();
      else if (startsToken && "-?:".includes(char) && isSpace(next)) {
        parent = this.column;
        this.at++;
        this.skipBlanks();
        if (char === "-" && !isBreak(this.text[this.at])) parent = this.keyColumn(parent);
      } else if (startsToken && (char === "&" || char === "!" || char === "*")) this.skipWord();
      else if (startsToken && (char === "[" || char === "{")) {
        if (!this.flow(this.column + 1)) return false;
        startsToken = false;
      } else if (startsToken && (char === '"' || char === "'")) {
        if (!this.quoted(char, this.column + 1)) return false;
        startsToken = false;
      } else if (startsToken && (char === "|" || char === ">")) {
        this.block(parent);
        return true;
      } else if (char === ":" && isSpace(next)) {
        startsToken = true;
        this.at++;
        this.blanks();
      } else {
        if (!isBlank(char)) startsToken = false;
        this.at++;
      }
    }
    return true;
  }

  /** Behind a dash: where a key begins, or the dash's own column where a block does. */
  private keyColumn(dash: number): number {
    return "|>".includes(this.text[this.at]) ? dash : this.column;
  }

  /** From a bracket to the one that closes it. Every further line gets at least `indent` columns. */
  private flow(indent: number): boolean {
    let depth = 0;
    let startsToken = true;
    while (this.at < this.text.length) {
      const char = this.text[this.at];
      if (isBreak(char)) {
        this.breakLine();
        this.indentLine(indent);
      } else if (char === "#" && this.isAfterSpace()) this.skipLine();
      else if (startsToken && (char === '"' || char === "'")) {
        if (!this.quoted(char, indent)) return false;
        startsToken = false;
      } else {
        this.at++;
        if (char === "[" || char === "{") depth++;
        else if ((char === "]" || char === "}") && --depth === 0) return true;
        const begins =
          "[{,".includes(char) || (char === ":" && !/[^\s,[\]{}]/.test(this.text[this.at] ?? " "));
        if (begins) startsToken = true;
        else if (!isSpace(char)) startsToken = false;
        if (startsToken) this.blanks();
        else if (isBlank(this.text[this.at])) this.blanksBeforeToken();
      }
    }
    return false;
  }

  /** Blanks and tabs that belong to no text. */
  private blanks(): void {
    for (; isBlank(this.text[this.at]); this.at++) {
      if (this.text[this.at] === "\t") this.tabs.push(this.at);
    }
  }

  /** Those between a text and the next token of the brackets. */
  private blanksBeforeToken(): void {
    let end = this.at;
    while (isBlank(this.text[end])) end++;
    if (/[[\]{},:#\r\n]/.test(this.text[end] ?? ",")) this.blanks();
  }

  private quoted(quote: string, indent: number): boolean {
    this.at++;
    while (this.at < this.text.length) {
      const char = this.text[this.at];
      if (isBreak(char)) {
        this.breakLine();
        this.indentLine(indent);
      } else if (char === "\\" && quote === '"' && !isBreak(this.text[this.at + 1])) this.at += 2;
      else {
        this.at++;
        if (char === quote) {
          if (quote === '"' || this.text[this.at] !== "'") return true;
          this.at++;
        }
      }
    }
    return false;
  }

  /** A block of text: all lines right of its parent. */
  private block(parent: number): void {
    this.skipLine();
    while (this.at < this.text.length) {
      this.breakLine();
      const start = this.at;
      while (this.text[this.at] === " ") this.at++;
      if (this.column <= parent && this.at < this.text.length && !isBreak(this.text[this.at])) {
        this.at = start;
        return;
      }
      this.skipLine();
    }
  }

  private indentLine(indent: number): void {
    const start = this.at;
    while (this.text[this.at] === " ") this.at++;
    if (this.column < indent) this.insertions.push({ offset: start, spaces: indent - this.column });
  }

  private get column(): number {
    return this.at - this.lineStart;
  }

  private isAfterSpace(): boolean {
    return this.at === this.lineStart || isSpace(this.text[this.at - 1]);
  }

  private skipBlanks(): void {
    while (isBlank(this.text[this.at])) this.at++;
  }

  private skipWord(): void {
    while (!isSpace(this.text[this.at])) this.at++;
  }

  private skipLine(): void {
    while (this.at < this.text.length && !isBreak(this.text[this.at])) this.at++;
  }

  private breakLine(): void {
    this.at += this.text.startsWith("\r\n", this.at) ? 2 : 1;
    this.lineStart = this.at;
  }
}

function withBlanks(text: string, tabs: readonly number[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const tab of tabs) {
    parts.push(text.slice(from, tab));
    from = tab + 1;
  }
  parts.push(text.slice(from));
  return parts.join(" ");
}

function indented(text: string, insertions: readonly Insertion[]): Indented {
  const parts: string[] = [];
  /** By insertion: where it ends in the new text, and what it and those before it have added. */
  const ends: number[] = [];
  const added: number[] = [0];
  let from = 0;
  for (const { offset, spaces } of insertions) {
    parts.push(text.slice(from, offset), " ".repeat(spaces));
    from = offset;
    added.push(added[added.length - 1] + spaces);
    ends.push(offset + added[added.length - 1]);
  }
  parts.push(text.slice(from));
  return {
    text: parts.join(""),
    original(offset) {
      let low = 0;
      let high = ends.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ends[middle] <= offset) low = middle + 1;
        else high = middle;
      }
      return offset - added[low];
    },
  };
}
