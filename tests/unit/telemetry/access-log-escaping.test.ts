import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Logged, line } from "../../support/access-log-line.ts";

const KEEP_HEADERS = { headers: { defaultMode: "keep" } };

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

  test("CLF is one line of printable ASCII with all its parts", async () => {
    const part = String.raw`"(?:[^"\\]|\\.)*"`;
    const bare = "(?:[^ ]|(?<=,) )+";
    const whole = new RegExp(
      String.raw`^${bare} - ${bare} \[[^\]]+\] ${part} \d+ \d+ ${part} ${part} \d+ ${part} ${part} \d+ms$`,
    );
    await fc.assert(
      fc.asyncProperty(peer, async (sent) => {
        const text = await line({ fields: KEEP_HEADERS }, logged(sent));
        expect(text).toMatch(/^[\x20-\x7e]+\n$/);
        expect(text.slice(0, -1)).toMatch(whole);
      }),
      { numRuns: 400 },
    );
  });

  test("JSON is one line, valid, and gives back what was sent", async () => {
    await fc.assert(
      fc.asyncProperty(peer, async (sent) => {
        const text = await line({ format: "json", fields: KEEP_HEADERS }, logged(sent));
        expect(text).toMatch(/^[\x20-\x7e]+\n$/);
        const entry = JSON.parse(text);
        expect(entry.RequestPath).toBe(sent.target);
        expect(entry.RequestAddr ?? "").toBe(sent.host);
        expect(entry.ClientUsername).toBe(sent.user || "-");
        expect(entry["request_User-Agent"]).toBe(sent.agent);
        expect(entry.ClientHost).toBe(sent.forwardedFor || "192.0.2.7");
        expect(entry.RouterName ?? "").toBe(sent.router);
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
          new Map([...expected].map(([key, values]) => [key, values.join(",")])),
        );
      }),
      { numRuns: 300 },
    );
  });
});
