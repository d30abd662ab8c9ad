import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  CLASS,
  decodeMessage,
  encodeAnswer,
  encodeQuery,
  encodeUpdate,
  OPCODE,
  rcodeName,
  TYPE,
  textData,
} from "../../../../src/net/dns/dns-message.ts";
import { encodeName } from "../../../../src/net/dns/dns-names.ts";

const QUESTION = { name: "_acme-challenge.example.com.", type: TYPE.TXT, class: CLASS.IN };

describe("a DNS message", () => {
  test("asks for one name, and says how large an answer may be", () => {
    const bytes = encodeQuery(0x1234, QUESTION, true);
    expect(Buffer.from(bytes).toString("hex")).toBe(
      "123401000001000000000001" +
        "0f5f61636d652d6368616c6c656e6765076578616d706c6503636f6d0000100001" +
        "00002904d0000000000000",
    );
    expect(encodeQuery(1, QUESTION, false)[2]).toBe(0);
  });

  test("is read with what its records refer to", () => {
    const record = (type: number, data: Uint8Array) => ({ ...QUESTION, type, ttl: 70_000, data });
    const long = "v".repeat(300);
    const answer = decodeMessage(
      encodeAnswer(decodeMessage(encodeQuery(7, QUESTION, true)), 3, [
        record(TYPE.CNAME, encodeName("other.example.")),
        record(TYPE.TXT, textData(long)),
      ]),
    );
    expect(answer).toMatchObject({ id: 7, response: true, rcode: 3, questions: [QUESTION] });
    const [cname, txt] = answer.answers;
    expect(cname).toMatchObject({ target: "other.example.", ttl: 70_000 });
    expect(txt.texts.map(({ length }) => length)).toEqual([255, 45]);
    expect(txt.texts.join("")).toBe(long);
    expect(rcodeName(3)).toBe("NXDOMAIN");
    expect(rcodeName(99)).toBe("code 99");
  });

  test("updates a zone", () => {
    const update = { ...QUESTION, ttl: 120, data: textData("value") };
    const decoded = decodeMessage(encodeUpdate(1, "example.com.", [update]));
    expect(decoded).toMatchObject({
      opcode: OPCODE.UPDATE,
      response: false,
      questions: [{ name: "example.com.", type: TYPE.SOA, class: CLASS.IN }],
      answers: [],
      authorities: [{ ...QUESTION, ttl: 120, texts: ["value"] }],
    });
  });

  test("that is cut off or garbled is malformed, never anything else", () => {
    const whole = encodeAnswer(decodeMessage(encodeQuery(7, QUESTION, true)), 0, [
      { ...QUESTION, ttl: 1, data: textData("value") },
    ]);
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeMessage(whole.subarray(0, length))).toThrow("malformed DNS message");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          decodeMessage(bytes);
        } catch (error) {
          expect((error as Error).message).toStartWith("malformed DNS message");
        }
      }),
    );
  });
});
