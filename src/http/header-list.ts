import { copyBytes, latin1, writeLatin1 } from "../core/bytes.ts";
import { bytesEqualLower, FIELD_NAMES, FieldId, fieldIdOfName } from "../wire/field-names.ts";
import { type Fields, STRIDE } from "../wire/fields.ts";

const NO_BYTES = new Uint8Array(0);

/** What a list of texts starts as: growing it pair by pair would copy it time and again. */
const SPARE_TEXTS: string[] = new Array(16).fill("");

/**
 * Header fields in the order and spelling of arrival. Fields from the wire stay offsets into the
 * received bytes until somebody asks for text; fields that were set are strings.
 *
 * Names given to the methods are lower case except where a method says otherwise. Values are
 * Latin-1 strings and were validated where they came in (the parser, or `checkedValue`).
 */
export class HeaderList {
  private readonly bytes: Uint8Array;
  // STRIDE numbers a field. In a field that was set, name start and value start are -1 and the ends
  // index `texts`.
  private readonly fields: Fields;
  private texts: string[] | null = null;
  private textCount = 0;
  // A bit for each id that is in the list, or was: most look-ups are for fields that aren't there.
  private low = 0;
  private high = 0;

  constructor(bytes: Uint8Array = NO_BYTES, fields: Fields = []) {
    this.bytes = bytes;
    this.fields = fields;
    for (let at = 0; at < fields.length; at += STRIDE) this.mark(fields[at]);
  }

  private mark(id: number): void {
    if (id < 32) this.low |= 1 << id;
    else this.high |= 1 << (id - 32);
  }

  /** True where the list may have a field with that id: false is certain. */
  private mayHave(id: number): boolean {
    return ((id < 32 ? this.low >>> id : this.high >>> (id - 32)) & 1) === 1;
  }

  /** Copies names and values, in any case, from pairs. */
  static from(pairs: Iterable<readonly [string, string]>): HeaderList {
    const list = new HeaderList();
    for (const [name, value] of pairs) list.append(name, value);
    return list;
  }

  /** How many slots there are, deleted ones included; for loops with `idAt`, `nameAt`, `valueAt`. */
  get slots(): number {
    return this.fields.length / STRIDE;
  }

  /** The field's id in slot `i`: `FieldId.deleted` where it is gone, `FieldId.other` where it has no id. */
  idAt(i: number): number {
    return this.fields[i * STRIDE];
  }

  /** The name as received or set. */
  nameAt(i: number): string {
    const at = i * STRIDE;
    const start = this.fields[at + 1];
    return start < 0
      ? this.texts![this.fields[at + 2]]
      : latin1(this.bytes, start, this.fields[at + 2]);
  }

  /** The length of the name in slot `i`: with `nameCodeAt`, a look at a name without making text of it. */
  nameLengthAt(i: number): number {
    const at = i * STRIDE;
    const start = this.fields[at + 1];
    return start < 0 ? this.texts![this.fields[at + 2]].length : this.fields[at + 2] - start;
  }

  /** Character `index` of the name in slot `i`. */
  nameCodeAt(i: number, index: number): number {
    const at = i * STRIDE;
    const start = this.fields[at + 1];
    return start < 0
      ? this.texts![this.fields[at + 2]].charCodeAt(index)
      : this.bytes[start + index];
  }

  valueAt(i: number): string {
    const at = i * STRIDE;
    const start = this.fields[at + 3];
    return start < 0
      ? this.texts![this.fields[at + 4]]
      : latin1(this.bytes, start, this.fields[at + 4]);
  }

  /** True where the value in slot `i` is `lowerText` (ASCII), in any case: no text is made of it. */
  valueIs(i: number, lowerText: string): boolean {
    const at = i * STRIDE;
    const start = this.fields[at + 3];
    const end = this.fields[at + 4];
    if (start < 0) return this.texts![end].toLowerCase() === lowerText;
    return end - start === lowerText.length && bytesEqualLower(this.bytes, start, lowerText);
  }

  /** The slot of the first field of that name at or behind `from`, or -1. */
  find(lowerName: string, from = 0): number {
    const id = fieldIdOfName(lowerName);
    return id !== FieldId.other ? this.findId(id, from) : this.findOther(lowerName, from);
  }

  private findOther(lowerName: string, from: number): number {
    const { fields } = this;
    for (let i = from, at = from * STRIDE; at < fields.length; i++, at += STRIDE) {
      if (fields[at] === FieldId.other && this.hasNameAt(at, lowerName)) return i;
    }
    return -1;
  }

  /** The slot of the first field with that id at or behind `from`, or -1. */
  findId(id: number, from = 0): number {
    if (!this.mayHave(id)) return -1;
    const { fields } = this;
    for (let at = from * STRIDE; at < fields.length; at += STRIDE) {
      if (fields[at] === id) return at / STRIDE;
    }
    return -1;
  }

  private hasNameAt(at: number, lowerName: string): boolean {
    const start = this.fields[at + 1];
    const end = this.fields[at + 2];
    if (start < 0) {
      const name = this.texts![end];
      return name.length === lowerName.length && name.toLowerCase() === lowerName;
    }
    return end - start === lowerName.length && bytesEqualLower(this.bytes, start, lowerName);
  }

  has(lowerName: string): boolean {
    return this.find(lowerName) >= 0;
  }

  /** The first value of that name, or null. */
  first(lowerName: string): string | null {
    const slot = this.find(lowerName);
    return slot < 0 ? null : this.valueAt(slot);
  }

  /** All values of that name joined by ", " as Headers.get does, or null. */
  get(lowerName: string): string | null {
    let slot = this.find(lowerName);
    if (slot < 0) return null;
    let joined = this.valueAt(slot);
    while ((slot = this.find(lowerName, slot + 1)) >= 0) joined += `, ${this.valueAt(slot)}`;
    return joined;
  }

  /** All values of that name, one for each field line. */
  all(lowerName: string): string[] {
    const values: string[] = [];
    for (let slot = this.find(lowerName); slot >= 0; slot = this.find(lowerName, slot + 1)) {
      values.push(this.valueAt(slot));
    }
    return values;
  }

  /** Adds a field at the end; `name` in the spelling to send. */
  append(name: string, value: string): void {
    this.add(fieldIdOfName(name.toLowerCase()), name, value);
  }

  /** `append` for a name of ours. */
  appendId(id: number, value: string): void {
    this.add(id, FIELD_NAMES[id], value);
  }

  /** Replaces all fields of that name by one, in the first one's place; `name` in the spelling to send. */
  set(name: string, value: string): void {
    const lowerName = name.toLowerCase();
    const slot = this.find(lowerName);
    if (slot < 0) {
      this.add(fieldIdOfName(lowerName), name, value);
      return;
    }
    for (let next = slot; (next = this.find(lowerName, next + 1)) >= 0; ) this.removeAt(next);
    this.put(slot * STRIDE, name, value);
  }

  /** `set` for a name of ours. */
  setId(id: number, value: string): void {
    const slot = this.findId(id);
    if (slot < 0) {
      this.add(id, FIELD_NAMES[id], value);
      return;
    }
    for (let next = slot; (next = this.findId(id, next + 1)) >= 0; ) this.removeAt(next);
    this.put(slot * STRIDE, FIELD_NAMES[id], value);
  }

  /** `set` for a name that has no id, with its lower-case form at hand. */
  setOther(name: string, lowerName: string, value: string): void {
    const slot = this.findOther(lowerName, 0);
    if (slot < 0) {
      this.add(FieldId.other, name, value);
      return;
    }
    for (let next = slot; (next = this.findOther(lowerName, next + 1)) >= 0; ) this.removeAt(next);
    this.put(slot * STRIDE, name, value);
  }

  delete(lowerName: string): void {
    for (let slot = -1; (slot = this.find(lowerName, slot + 1)) >= 0; ) this.removeAt(slot);
  }

  deleteId(id: number): void {
    for (let slot = -1; (slot = this.findId(id, slot + 1)) >= 0; ) this.removeAt(slot);
  }

  removeAt(slot: number): void {
    this.fields[slot * STRIDE] = FieldId.deleted;
  }

  private add(id: number, name: string, value: string): void {
    const { textCount } = this;
    this.texts ??= SPARE_TEXTS.slice();
    this.texts[textCount] = name;
    this.texts[textCount + 1] = value;
    this.textCount = textCount + 2;
    this.mark(id);
    this.fields.push(id, -1, textCount, -1, textCount + 1);
  }

  private put(at: number, name: string, value: string): void {
    const { fields, textCount } = this;
    this.texts ??= SPARE_TEXTS.slice();
    this.texts[textCount] = name;
    this.texts[textCount + 1] = value;
    this.textCount = textCount + 2;
    fields[at + 1] = -1;
    fields[at + 2] = textCount;
    fields[at + 3] = -1;
    fields[at + 4] = textCount + 1;
  }

  /** Names (as received or set) and values, field line by field line. */
  *entries(): Generator<[string, string]> {
    for (let i = 0; i < this.slots; i++) {
      if (this.idAt(i) !== FieldId.deleted) yield [this.nameAt(i), this.valueAt(i)];
    }
  }

  /** An independent copy. */
  clone(): HeaderList {
    const copy = new HeaderList(this.bytes, this.fields.slice());
    copy.texts = this.texts === null ? null : this.texts.slice();
    copy.textCount = this.textCount;
    return copy;
  }

  /** How many bytes `writeTo` needs at the most. */
  get byteLength(): number {
    const { fields, texts } = this;
    let length = 0;
    for (let at = 0; at < fields.length; at += STRIDE) {
      if (fields[at] === FieldId.deleted) continue;
      const name =
        fields[at + 1] < 0 ? texts![fields[at + 2]].length : fields[at + 2] - fields[at + 1];
      const value =
        fields[at + 3] < 0 ? texts![fields[at + 4]].length : fields[at + 4] - fields[at + 3];
      length += name + value + 4;
    }
    return length;
  }

  /**
   * Writes `Name: value CRLF` for every field that `skip` does not name by id, and returns the
   * offset behind. `skip[id]` is 1 for an id to leave out.
   */
  writeTo(target: Uint8Array, at: number, skip: Uint8Array): number {
    const { fields, texts, bytes } = this;
    for (let i = 0; i < fields.length; i += STRIDE) {
      const id = fields[i];
      if (id < 0 || skip[id] === 1) continue;
      const nameEnd = fields[i + 2];
      const valueEnd = fields[i + 4];
      at =
        fields[i + 1] < 0
          ? writeLatin1(target, at, texts![nameEnd])
          : copyBytes(target, at, bytes, fields[i + 1], nameEnd);
      target[at++] = 0x3a;
      target[at++] = 0x20;
      at =
        fields[i + 3] < 0
          ? writeLatin1(target, at, texts![valueEnd])
          : copyBytes(target, at, bytes, fields[i + 3], valueEnd);
      target[at++] = 0x0d;
      target[at++] = 0x0a;
    }
    return at;
  }
}
