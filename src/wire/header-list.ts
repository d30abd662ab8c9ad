import { latin1, writeLatin1 } from "../core/bytes.ts";
import { FreeList } from "../core/free-list.ts";
import {
  aliasFreeName,
  bytesEqualLower,
  FIELD_NAMES,
  FieldId,
  fieldIdOfName,
  lowerNameOf,
} from "./field-names.ts";
import { type FieldSet, NOT_IN_TRAILERS } from "./field-sets.ts";
import { type Fields, FREE_FIELDS, STRIDE } from "./fields.ts";
import { writeFieldLines } from "./http1/field-lines.ts";
import { COLON, CR, LF, SP } from "./http1/octets.ts";
import type { HeaderBlock } from "./http2/message.ts";
import type { TextCache } from "./text-cache.ts";

const NO_BYTES = new Uint8Array(0);
const NO_FIELDS: Fields = [];
/** The fields of a list that waits to become another one. */
const RECYCLED: Fields = [];

/** Id, name and value of a field that was set. */
type Added = (number | string)[];
const ADDED_STRIDE = 3;
/** What a list of added fields starts as: growing it field by field would copy it time and again. */
const ROOM_FOR_SIX: Added = new Array(6 * ADDED_STRIDE).fill("");

const FREE = new FreeList<HeaderList>();
/** Larger arrays of fields aren't kept: 64 fields are more than a usual head has. */
const MAX_FREE_FIELDS = 64 * STRIDE;

/**
 * Header fields in the order and spelling of arrival; those that were set come behind them. Fields
 * from the wire stay offsets into the received bytes until code asks for text.
 *
 * Names given to the methods are lower case except where a method says otherwise. Values are
 * Latin-1 strings and were validated where they came in (the parser, or `checkedValue`).
 */
export class HeaderList {
  private bytes: Uint8Array = NO_BYTES;
  private fields: Fields = NO_FIELDS;
  private receivedSlots = 0;
  private added: Added | null = null;
  private addedSlots = 0;
  // A bit for each id that is in the list, or was: most look-ups are for fields that aren't there.
  private low = 0;
  private high = 0;
  /** Slots that were there when `guard` was called; -1 before. */
  private guarded = -1;
  /** Names that were set or deleted since, in lower case and without aliases. */
  private edited: string[] | null = null;

  /** `fields` is the list's from now on. */
  constructor(bytes: Uint8Array = NO_BYTES, fields: Fields = NO_FIELDS) {
    this.receive(bytes, fields);
  }

  /** A list like a new one; one that was recycled, where there is one. */
  static received(bytes: Uint8Array, fields: Fields): HeaderList {
    const list = FREE.take();
    if (list === undefined) return new HeaderList(bytes, fields);
    list.receive(bytes, fields);
    return list;
  }

  /** Nothing refers to the list any more: it becomes another one. */
  recycle(): void {
    const { fields } = this;
    if (fields === RECYCLED) return;
    if (fields !== NO_FIELDS && fields.length <= MAX_FREE_FIELDS) FREE_FIELDS.give(fields);
    this.bytes = NO_BYTES;
    this.fields = RECYCLED;
    this.addedSlots = 0;
    this.low = 0;
    this.high = 0;
    this.guarded = -1;
    if (this.edited !== null) this.edited.length = 0;
    FREE.give(this);
  }

  private receive(bytes: Uint8Array, fields: Fields): void {
    this.bytes = bytes;
    this.fields = fields;
    this.receivedSlots = fields.length / STRIDE;
    for (let at = 0; at < fields.length; at += STRIDE) this.mark(fields[at]);
  }

  private mark(id: number): void {
    if (id < 0) return;
    if (id < 32) this.low |= 1 << id;
    else this.high |= 1 << (id - 32);
  }

  /** True where the list may have a field with that id: false is certain. */
  private mayHave(id: number): boolean {
    return ((id < 32 ? this.low >>> id : this.high >>> (id - 32)) & 1) === 1;
  }

  /**
   * From now on a name that is set or deleted takes along what a backend may take for it ("_" and "."
   * for "-") among the fields that are there, and is noted: what a middleware decides holds in every
   * spelling, and for trailers that come later.
   */
  guard(): void {
    this.guarded = this.slots;
  }

  /** True where a name, in lower case and without aliases, was set or deleted since `guard`. */
  wasEdited(plainName: string): boolean {
    return this.edited?.includes(plainName) === true;
  }

  private edit(lowerName: string): void {
    const plainName = aliasFreeName(lowerName);
    this.edited ??= [];
    this.edited.push(plainName);
    if (!plainName.includes("-") || !this.mayHave(FieldId.other)) return;
    for (let i = 0; i < this.guarded; i++) {
      if (this.idAt(i) !== FieldId.other || this.nameLengthAt(i) !== plainName.length) continue;
      if (aliasFreeName(this.nameAt(i).toLowerCase()) === plainName) this.removeAt(i);
    }
  }

  /** `edit` for a name of ours; what may be in no trailer needs no note. */
  private editId(id: number): void {
    if (NOT_IN_TRAILERS[id] === 0) this.edit(lowerNameOf(id));
  }

  /** Copies names and values, in any case, from pairs. */
  static from(pairs: Iterable<readonly [string, string]>): HeaderList {
    const list = new HeaderList();
    for (const [name, value] of pairs) list.append(name, value);
    return list;
  }

  /** How many slots there are, deleted ones included; for loops with `idAt`, `nameAt`, `valueAt`. */
  get slots(): number {
    return this.receivedSlots + this.addedSlots;
  }

  private addedAt(i: number): number {
    return (i - this.receivedSlots) * ADDED_STRIDE;
  }

  /** Never less than what the list takes as HTTP/2 counts it (RFC 9113 section 6.5.2): 32 for each field beside its name and value. */
  get listBytesAtMost(): number {
    const { added } = this;
    let bytes = this.bytes.length + this.slots * 32;
    for (let i = 0, end = this.addedSlots * ADDED_STRIDE; i < end; i += ADDED_STRIDE) {
      bytes += (added![i + 1] as string).length + (added![i + 2] as string).length;
    }
    return bytes;
  }

  /** The field's id in slot `i`: `FieldId.deleted` where it is gone, `FieldId.other` where it has no id. */
  idAt(i: number): number {
    return i < this.receivedSlots
      ? this.fields[i * STRIDE]
      : (this.added![this.addedAt(i)] as number);
  }

  /** The name as received or set. */
  nameAt(i: number): string {
    if (i >= this.receivedSlots) return this.added![this.addedAt(i) + 1] as string;
    return latin1(this.bytes, this.fields[i * STRIDE + 1], this.fields[i * STRIDE + 2]);
  }

  /** The length of the name in slot `i`: with `nameCodeAt`, a look at a name without making text of it. */
  nameLengthAt(i: number): number {
    if (i >= this.receivedSlots) return (this.added![this.addedAt(i) + 1] as string).length;
    return this.fields[i * STRIDE + 2] - this.fields[i * STRIDE + 1];
  }

  /** Character `index` of the name in slot `i`. */
  nameCodeAt(i: number, index: number): number {
    if (i >= this.receivedSlots) {
      return (this.added![this.addedAt(i) + 1] as string).charCodeAt(index);
    }
    return this.bytes[this.fields[i * STRIDE + 1] + index];
  }

  valueAt(i: number): string {
    if (i >= this.receivedSlots) return this.added![this.addedAt(i) + 2] as string;
    return latin1(this.bytes, this.fields[i * STRIDE + 3], this.fields[i * STRIDE + 4]);
  }

  /** `valueAt` for values that come again and again. */
  cachedValueAt(i: number, cache: TextCache): string {
    if (i >= this.receivedSlots) return this.valueAt(i);
    return cache.get(this.bytes, this.fields[i * STRIDE + 3], this.fields[i * STRIDE + 4]);
  }

  /** True where the value in slot `i` is `lowerText` (ASCII), in any case: no text is made of it. */
  valueIs(i: number, lowerText: string): boolean {
    if (i >= this.receivedSlots) return this.valueAt(i).toLowerCase() === lowerText;
    const start = this.fields[i * STRIDE + 3];
    const end = this.fields[i * STRIDE + 4];
    return end - start === lowerText.length && bytesEqualLower(this.bytes, start, lowerText);
  }

  /** The slot of the first field of that name at or behind `from`, or -1. */
  find(lowerName: string, from = 0): number {
    const id = fieldIdOfName(lowerName);
    return id !== FieldId.other ? this.findId(id, from) : this.findOther(lowerName, from);
  }

  private findOther(lowerName: string, from: number): number {
    if (!this.mayHave(FieldId.other)) return -1;
    for (let i = from, slots = this.slots; i < slots; i++) {
      if (this.idAt(i) === FieldId.other && this.hasNameAt(i, lowerName)) return i;
    }
    return -1;
  }

  /** The slot of the first field with that id at or behind `from`, or -1. */
  findId(id: number, from = 0): number {
    if (!this.mayHave(id)) return -1;
    for (let i = from, slots = this.slots; i < slots; i++) {
      if (this.idAt(i) === id) return i;
    }
    return -1;
  }

  private hasNameAt(i: number, lowerName: string): boolean {
    if (this.nameLengthAt(i) !== lowerName.length) return false;
    return i < this.receivedSlots
      ? bytesEqualLower(this.bytes, this.fields[i * STRIDE + 1], lowerName)
      : this.nameAt(i).toLowerCase() === lowerName;
  }

  has(lowerName: string): boolean {
    return this.find(lowerName) >= 0;
  }

  /** The first value of that name, or null. */
  first(lowerName: string): string | null {
    const slot = this.find(lowerName);
    return slot < 0 ? null : this.valueAt(slot);
  }

  /** All values of that name joined by ", " as Headers.get does, Cookie's by "; " as servers do; or null. */
  get(lowerName: string): string | null {
    let slot = this.find(lowerName);
    if (slot < 0) return null;
    let joined = this.valueAt(slot);
    while ((slot = this.find(lowerName, slot + 1)) >= 0)
      joined += (lowerName === "cookie" ? "; " : ", ") + this.valueAt(slot);
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

  /** Puts one field at the end in the place of all of that name; `name` in the spelling to send. */
  set(name: string, value: string): void {
    const lowerName = name.toLowerCase();
    this.delete(lowerName);
    this.add(fieldIdOfName(lowerName), name, value);
  }

  /** `set` for a name of ours. */
  setId(id: number, value: string): void {
    if (this.guarded >= 0) this.editId(id);
    this.removeId(id);
    this.add(id, FIELD_NAMES[id], value);
  }

  /** `set` for a name that has no id, with its lower-case form at hand. */
  setOther(name: string, lowerName: string, value: string): void {
    if (this.guarded >= 0) this.edit(lowerName);
    for (let slot = -1; (slot = this.findOther(lowerName, slot + 1)) >= 0; ) this.removeAt(slot);
    this.add(FieldId.other, name, value);
  }

  delete(lowerName: string): void {
    const id = fieldIdOfName(lowerName);
    if (id !== FieldId.other) {
      this.deleteId(id);
      return;
    }
    if (this.guarded >= 0) this.edit(lowerName);
    for (let slot = -1; (slot = this.findOther(lowerName, slot + 1)) >= 0; ) this.removeAt(slot);
  }

  deleteId(id: number): void {
    if (this.guarded >= 0) this.editId(id);
    this.removeId(id);
  }

  private removeId(id: number): void {
    for (let slot = -1; (slot = this.findId(id, slot + 1)) >= 0; ) this.removeAt(slot);
  }

  removeAt(slot: number): void {
    if (slot < this.receivedSlots) this.fields[slot * STRIDE] = FieldId.deleted;
    else this.added![this.addedAt(slot)] = FieldId.deleted;
  }

  private add(id: number, name: string, value: string): void {
    const added = (this.added ??= ROOM_FOR_SIX.slice());
    const at = this.addedSlots * ADDED_STRIDE;
    this.addedSlots++;
    this.mark(id);
    if (at < added.length) {
      added[at] = id;
      added[at + 1] = name;
      added[at + 2] = value;
    } else {
      added.push(id, name, value);
    }
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
    for (let i = this.receivedSlots; i < this.slots; i++) {
      if (i === this.guarded) copy.guard();
      if (this.idAt(i) !== FieldId.deleted) copy.add(this.idAt(i), this.nameAt(i), this.valueAt(i));
    }
    if (this.guarded >= 0 && copy.guarded < 0) copy.guard();
    copy.edited = this.edited?.slice() ?? null;
    return copy;
  }

  /** How many bytes `writeTo` needs at the most. */
  get byteLength(): number {
    const { fields, added } = this;
    let length = 0;
    for (let at = 0; at < fields.length; at += STRIDE) {
      length += fields[at + 2] - fields[at + 1] + fields[at + 4] - fields[at + 3] + 4;
    }
    for (let at = 0, end = this.addedSlots * ADDED_STRIDE; at < end; at += ADDED_STRIDE) {
      length += (added![at + 1] as string).length + (added![at + 2] as string).length + 4;
    }
    return length;
  }

  /**
   * Writes `Name: value CRLF` for every field that `skip` does not name by id, and returns the
   * offset behind. `skip[id]` is 1 for an id to leave out.
   */
  writeTo(target: Uint8Array, at: number, skip: FieldSet): number {
    const { added } = this;
    at = writeFieldLines(target, at, this.bytes, this.fields, skip);
    for (let i = 0, end = this.addedSlots * ADDED_STRIDE; i < end; i += ADDED_STRIDE) {
      const id = added![i] as number;
      if (id < 0 || skip[id] === 1) continue;
      at = writeLatin1(target, at, added![i + 1] as string);
      target[at++] = COLON;
      target[at++] = SP;
      at = writeLatin1(target, at, added![i + 2] as string);
      target[at++] = CR;
      target[at++] = LF;
    }
    return at;
  }

  /**
   * Puts every field that `skip` does not name by id into a header block (HTTP/2). Names go lower
   * case on the wire, whatever their spelling here.
   */
  encodeTo(block: HeaderBlock, skip: FieldSet): void {
    const { fields, added, bytes } = this;
    for (let i = 0; i < fields.length; i += STRIDE) {
      const id = fields[i];
      if (id < 0 || skip[id] === 1) continue;
      block.field(id, bytes, fields[i + 1], fields[i + 2], fields[i + 3], fields[i + 4]);
    }
    for (let i = 0, end = this.addedSlots * ADDED_STRIDE; i < end; i += ADDED_STRIDE) {
      const id = added![i] as number;
      if (id < 0 || skip[id] === 1) continue;
      block.text(id, added![i + 1] as string, added![i + 2] as string);
    }
  }
}
