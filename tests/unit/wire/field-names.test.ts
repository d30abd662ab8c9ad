import { describe, expect, test } from "bun:test";
import { latin1Bytes } from "../../../src/core/bytes.ts";
import {
  FIELD_NAMES,
  FieldId,
  fieldIdOfBytes,
  fieldIdOfName,
} from "../../../src/wire/field-names.ts";
import { TOKEN } from "../../../src/wire/http1/octets.ts";

const idOf = (name: string) => fieldIdOfBytes(latin1Bytes(`..${name}:`), 2, 2 + name.length);

describe("field ids", () => {
  test("FieldId and FIELD_NAMES agree", () => {
    const ids: number[] = Object.values(FieldId).filter((id) => id > 0);
    expect(ids).toEqual(ids.map((_, i) => i + 1));
    expect(FIELD_NAMES.length).toBe(ids.length + 1);
    for (const [key, id] of Object.entries(FieldId)) {
      if (id > 0) expect(FIELD_NAMES[id].replaceAll("-", "").toLowerCase()).toBe(key.toLowerCase());
    }
  });

  test("are found in any case", () => {
    for (let id = 1; id < FIELD_NAMES.length; id++) {
      const name = FIELD_NAMES[id];
      expect(idOf(name)).toBe(id);
      expect(idOf(name.toLowerCase())).toBe(id);
      expect(idOf(name.toUpperCase())).toBe(id);
      expect(fieldIdOfName(name.toLowerCase())).toBe(id);
    }
  });

  test("are not found where any one token character differs", () => {
    for (let id = 1; id < FIELD_NAMES.length; id++) {
      const name = FIELD_NAMES[id];
      for (let at = 0; at < name.length; at++) {
        for (let octet = 0; octet < 256; octet++) {
          const other = String.fromCharCode(octet);
          if (TOKEN[octet] === 0 || other.toLowerCase() === name[at].toLowerCase()) continue;
          const changed = name.slice(0, at) + other + name.slice(at + 1);
          expect(fieldIdOfName(changed.toLowerCase())).toBe(idOf(changed));
        }
      }
    }
  });

  test("other names have none", () => {
    for (const name of [
      "",
      "X",
      "Hos",
      "Hostt",
      "Content-Lengt",
      "Content_Length",
      "a".repeat(500),
    ]) {
      expect(idOf(name)).toBe(FieldId.other);
      expect(fieldIdOfName(name.toLowerCase())).toBe(FieldId.other);
    }
  });
});
