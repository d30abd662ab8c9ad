import { commentsOf } from "./source-text.ts";

/** Words that hide who acts; a comment names the client, the upstream, the driver. */
const VAGUE = /\b(?:whoever|nobody|somebody)\b/gi;

/** "path:line: word" for every vague word in the comments of a source file, or in a page. */
export function vagueWords(path: string, text: string): string[] {
  const prose = /\.(?:ts|mjs|go)$/.test(path) ? commentsOf(text) : text;
  return Array.from(prose.matchAll(VAGUE), ({ index, 0: word }) => {
    const line = prose.slice(0, index).split("\n").length;
    return `${path}:${line}: "${word.toLowerCase()}" doesn't say who acts`;
  });
}
