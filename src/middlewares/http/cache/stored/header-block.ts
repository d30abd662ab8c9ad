import { writeLatin1 } from "../../../../core/bytes.ts";
import { fieldIdOfName } from "../../../../wire/field-names.ts";
import { type Fields, ownFields } from "../../../../wire/fields.ts";
import { HeaderList } from "../../../../wire/header-list.ts";

export type Field = readonly [name: string, value: string];

/** Fields as a parser leaves them, so that a list of them is one copy of numbers and is written as one piece. */
export class HeaderBlock {
  private readonly bytes: Uint8Array;
  private readonly fields: Fields = [];

  constructor(pairs: readonly Field[]) {
    let length = 0;
    for (const [name, value] of pairs) length += name.length + value.length + 4;
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const [name, value] of pairs) {
      const nameStart = at;
      const nameEnd = writeLatin1(bytes, at, name);
      const valueStart = writeLatin1(bytes, nameEnd, ": ");
      const valueEnd = writeLatin1(bytes, valueStart, value);
      this.fields.push(fieldIdOfName(name.toLowerCase()), nameStart, nameEnd, valueStart, valueEnd);
      at = writeLatin1(bytes, valueEnd, "\r\n");
    }
    this.bytes = bytes;
  }

  /** A list of its own. */
  list(): HeaderList {
    return HeaderList.received(this.bytes, ownFields(this.fields, this.fields.length));
  }
}
