/** A string, or a comment of a TypeScript file. Template literals are not told apart from code. */
const TOKEN = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** The code with blanks where its comments were, so that lines keep their numbers. */
export function withoutComments(text: string): string {
  return text.replace(TOKEN, (token, string) => string ?? token.replace(/[^\n]/g, " "));
}

/** The code without comments and with every string empty. */
export function withoutStrings(code: string): string {
  return code.replace(TOKEN, (_, string) => (string === undefined ? "" : '""'));
}

/** The comments alone, with blanks where the code was, so that lines keep their numbers. */
export function commentsOf(text: string): string {
  let comments = "";
  let end = 0;
  const blank = (code: string) => code.replace(/[^\n]/g, " ");
  for (const match of text.matchAll(TOKEN)) {
    const isComment = match[1] === undefined;
    comments += blank(text.slice(end, match.index)) + (isComment ? match[0] : blank(match[0]));
    end = match.index + match[0].length;
  }
  return comments + blank(text.slice(end));
}
