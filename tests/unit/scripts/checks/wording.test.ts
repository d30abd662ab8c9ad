import { expect, test } from "bun:test";
import { vagueWords } from "../../../../scripts/checks/wording.ts";

// In pieces, as this file is checked too where it says them in comments.
const WORD = ["some", "body"].join("");

test("a vague word in a comment is found with its line, in code and strings it is not", () => {
  const text = `const ${WORD} = "// ${WORD}";\n/* one\n * ${WORD} else */\nrun(${WORD}); // ${WORD}\n`;
  expect(vagueWords("src/a.ts", text)).toEqual([
    `src/a.ts:3: "${WORD}" doesn't say who acts`,
    `src/a.ts:4: "${WORD}" doesn't say who acts`,
  ]);
});

test("a vague word anywhere in a page is found", () => {
  expect(vagueWords("docs/a.md", `One.\n${WORD.toUpperCase()} comes.`)).toEqual([
    `docs/a.md:2: "${WORD}" doesn't say who acts`,
  ]);
});
