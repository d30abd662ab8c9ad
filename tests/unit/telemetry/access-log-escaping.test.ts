import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Logged, line } from "../../support/access-log-line.ts";

const KEEP_HEADERS = { headers: { defaultMode: "keep" } };

/** Text with a code unit for each byte that a peer sent: UTF-8 is what it says, other bytes stay. */
function decoded(text: string): string {
  const utf8 =
    /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/g;
  return text.replace(utf8, (bytes) => {
    const character = Buffer.from(bytes, "latin1").toString("utf8");
    // Those are escaped byte by byte.
    return /[\u0080-\u009f\u2028\u2029]/.test(character) ? bytes : character;
  });
}

const utf8 = (text: string) => Buffer.from(text).toString("latin1");
const CONTROLS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/;

describe("whatever bytes a peer sends", () => {
  const bytes = (maxLength: number) =>
    fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength,
    });
  const nasty = fc.oneof(
    bytes(40),
    fc
      .array(
        fc.constantFrom(
          '"',
          "\\",
          " ",
          "\n",
          "\r",
          "\t",
          "\u0000",
          "[",
          "]",
          ",",
          "- -",
          "\u00e9",
          utf8("\u00e9"),
          utf8("\u20ac"),
          utf8("\u{1f600}"),
          utf8("\u0085"),
          utf8("\u2028"),
          "\xed\xa0\x80",
          "\xc0\xaf",
          "\ud83d",
          "\u2028",
          "\u{1f600}",
          "a",
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join("")),
  );
  const peer = fc.record({
    target: nasty,
    host: nasty,
    user: nasty,
    agent: bytes(60),
    forwardedFor: nasty,
    router: nasty,
  });
  const logged = ({
    target,
    host,
    user,
    agent,
    forwardedFor,
    router,
  }: {
    target: string;
    host: string;
    user: string;
    agent: string;
    forwardedFor: string;
    router: string;
  }): Logged => ({
    target,
    host,
    headers: [["User-Agent", agent]],
    note: { clientUsername: user, forwardedFor, router },
  });

  test("CLF is one line of printable characters with all its parts", async () => {
    const part = String.raw`"(?:[^"\\]|\\.)*"`;
    const bare = "(?:[^ ]|(?<=,) )+";
    const whole = new RegExp(
      String.raw`^${bare} - ${bare} \[[^\]]+\] ${part} \d+ \d+ ${part} ${part} \d+ ${part} ${part} \d+ms$`,
    );
    await fc.assert(
      fc.asyncProperty(peer, async (sent) => {
        const text = await line({ fields: KEEP_HEADERS }, logged(sent));
        expect(text).not.toMatch(CONTROLS);
        expect(text.slice(0, -1)).toMatch(whole);
      }),
      { numRuns: 400 },
    );
  });

  test("JSON is one line, valid, and gives back what was sent", async () => {
    await fc.assert(
      fc.asyncProperty(peer, async (sent) => {
        const text = await line({ format: "json", fields: KEEP_HEADERS }, logged(sent));
        expect(text).not.toMatch(CONTROLS);
        const entry = JSON.parse(text);
        expect(entry.RequestPath).toBe(decoded(sent.target));
        expect(entry.RequestAddr ?? "").toBe(decoded(sent.host));
        expect(entry.ClientUsername).toBe(decoded(sent.user) || "-");
        expect(entry["request_User-Agent"]).toBe(decoded(sent.agent));
        expect(entry.ClientHost).toBe(decoded(sent.forwardedFor) || "192.0.2.7");
        expect(entry.RouterName ?? "").toBe(decoded(sent.router));
      }),
      { numRuns: 400 },
    );
  });

  test("JSON keeps all headers, however often each comes", async () => {
    const name = fc.string({ unit: fc.constantFrom(..."abAB-_!#`1"), minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, bytes(10)), { maxLength: 8 }), async (headers) => {
        const entry = JSON.parse(await line({ format: "json", fields: KEEP_HEADERS }, { headers }));
        const expected = new Map<string, string[]>();
        for (const [key, value] of headers) {
          const lower = key.toLowerCase();
          expected.set(lower, [...(expected.get(lower) ?? []), value]);
        }
        const found = Object.entries(entry).filter(([key]) => key.startsWith("request_"));
        expect(new Map(found.map(([key, value]) => [key.slice(8).toLowerCase(), value]))).toEqual(
          new Map([...expected].map(([key, values]) => [key, decoded(values.join(","))])),
        );
      }),
      { numRuns: 300 },
    );
  });
});
