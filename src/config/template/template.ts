import { execute, type Piece } from "./executor.ts";
import { checkFunction, type Environment, templateFunctions } from "./functions/table.ts";
import { parseTemplate } from "./parser.ts";
import { toValue, type Value } from "./values.ts";

/** A text that a template has made. */
export interface Rendered {
  readonly text: string;
  /** Where in the template something at an offset of the text comes from. */
  origin(offset: number): number;
}

/** A template that is ready to be run. */
export interface Template {
  /** Throws TemplateError. */
  render(data: unknown): Rendered;
}

/** True for a text that has an action in it; any other is what its template makes. */
export function hasActions(text: string): boolean {
  return text.includes("{{");
}

/**
 * Go's text/template with sprig's functions and Traefik's own, `normalize` and `split`. What sprig has
 * of time, chance, secrets and the network is refused by name. Throws TemplateError.
 */
export function compileTemplate(source: string, env: Environment = {}): Template {
  const functions = templateFunctions(env);
  const parsed = parseTemplate(source, (name) => checkFunction(name, functions));
  const program = { ...parsed, functions };
  return { render: (data) => rendered(execute(program, toValue(data) as Value)) };
}

function rendered(pieces: readonly Piece[]): Rendered {
  const starts: number[] = [];
  let length = 0;
  for (const { text } of pieces) {
    starts.push(length);
    length += text.length;
  }
  return {
    text: pieces.map(({ text }) => text).join(""),
    origin(offset) {
      let low = 0;
      let high = starts.length;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (starts[middle] <= offset) low = middle;
        else high = middle;
      }
      const piece = pieces[low];
      if (piece === undefined) return 0;
      return piece.isText ? piece.offset + (offset - starts[low]) : piece.offset;
    },
  };
}
