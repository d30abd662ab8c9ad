import { expect, test } from "bun:test";
import { middlewareSchema } from "../../../../src/config/dynamic/http-middlewares.ts";
import { encodedCharacters } from "../../../../src/middlewares/http/path/encoded-characters.ts";
import { apply, make } from "./apply.ts";

const KEYS = {
  "%2F": "allowEncodedSlash",
  "%5C": "allowEncodedBackSlash",
  "%00": "allowEncodedNullCharacter",
  "%3B": "allowEncodedSemicolon",
  "%25": "allowEncodedPercent",
  "%3F": "allowEncodedQuestionMark",
  "%23": "allowEncodedHash",
};

const link = (options: object) =>
  make(
    encodedCharacters,
    middlewareSchema.parse({ encodedCharacters: options }).encodedCharacters!,
  );

test.each(Object.entries(KEYS))("%s is refused unless %s", async (triplet, key) => {
  for (const written of [triplet, triplet.toLowerCase()]) {
    const refused = await apply(link({}), { target: `/a${written}b` });
    expect([refused.reached, refused.response.status]).toEqual([false, 400]);
    expect(await refused.response.text()).toBe("");
    expect((await apply(link({ [key]: true }), { target: `/a${written}b` })).reached).toBe(true);
    expect((await apply(link({}), { target: `/a?b=${written}` })).reached).toBe(true);
  }
  const others = Object.fromEntries(
    Object.values(KEYS)
      .filter((other) => other !== key)
      .map((other) => [other, true]),
  );
  expect((await apply(link(others), { target: `/a${triplet}` })).reached).toBe(false);
});

test("other paths pass", async () => {
  for (const target of ["/", "/a%20b", "/%E2%82%AC"])
    expect((await apply(link({}), { target })).reached).toBe(true);
});
