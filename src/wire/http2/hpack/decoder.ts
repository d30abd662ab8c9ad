import { copyBytes, latin1 } from "../../../core/bytes.ts";
import { DecodedBlock } from "../../field-block/decoded-block.ts";
import { nameFault, valueFault } from "../../field-block/field-faults.ts";
import { PSEUDO, pseudoIdOfName, storedName } from "../../field-block/pseudo.ts";
import { FieldId, fieldIdOfBytes } from "../../field-names.ts";
import { type Fields, ownFields, STRIDE } from "../../fields.ts";
import { COLON } from "../../http1/octets.ts";
import { TextCache } from "../../text-cache.ts";
import { DecoderEntry, staticEntry } from "./decoder-entry.ts";
import { DynamicTable } from "./dynamic-table.ts";
import { HpackError } from "./hpack-error.ts";
import { huffmanDecode, huffmanDecodedBound } from "./huffman.ts";
import { DEFAULT_TABLE_SIZE, ENTRY_OVERHEAD, FIRST_DYNAMIC } from "./static-table.ts";

/** Bounds of one decoded header list; beyond them the decoder goes on without storing anything. */
export interface HeaderListLimits {
  /** Bytes of names and values, 32 more for each field (RFC 9113 section 6.5.2). */
  readonly maxHeaderListBytes: number;
  /** Fields, pseudo-header fields among them. */
  readonly maxFields: number;
}

/** Where lists are put together, of all decoders: a block is decoded in one go. */
let scratch = new Uint8Array(4096);
const FIELDS: Fields = [];
/** What an exceptional block made larger than this is given back. Growing costs ten times as much as decoding. */
const SCRATCH_KEPT = 1024 * 1024;

/** Of pseudo-header fields that are in no table: paths, most of them. */
const TEXTS = new TextCache();

const NOTHING = new Uint8Array(0);
const NO_BLOCK = new DecodedBlock();

/** How many times its own size a block's list may have, as far as `expansion` is concerned. */
const FAIR = 8;

const NO_UPDATE_DUE = Number.POSITIVE_INFINITY;

/**
 * Decodes the header blocks of one connection (RFC 7541), in their order. Nothing but the table is
 * kept between blocks. A block takes memory as the limits allow, and 1.6 times its own size at most
 * for a string that is above them.
 */
export class HpackDecoder {
  private readonly limits: HeaderListLimits;
  private readonly table = new DynamicTable<DecoderEntry>(DEFAULT_TABLE_SIZE);
  /** How large the peer may make the table. */
  private maxTableSize: number;
  /** The next block must begin with an update to this size or less. */
  private updateDue = NO_UPDATE_DUE;

  /** What is left of the block. */
  private bytes: Uint8Array = NOTHING;
  private at = 0;
  private end = 0;
  /** What has come of it. */
  private block = NO_BLOCK;
  /** Of `scratch`, and of FIELDS. */
  private length = 0;
  private fieldsLength = 0;
  private listBytes = 0;
  /** Bits by the ids of pseudo-header fields, negated; the lowest for any regular field. */
  private seen = 0;

  /**
   * `maxTableSize` is the SETTINGS_HEADER_TABLE_SIZE that goes out with the preface. The peer may use
   * 4,096 bytes until it has acknowledged a smaller one: call `setMaxTableSize` then.
   */
  constructor(maxTableSize: number, limits: HeaderListLimits) {
    this.maxTableSize = Math.max(maxTableSize, DEFAULT_TABLE_SIZE);
    this.limits = limits;
  }

  /**
   * The peer has acknowledged a SETTINGS_HEADER_TABLE_SIZE. Where it is less than the table's present
   * size, the next block must begin with an update (RFC 9113 section 4.3.1).
   */
  setMaxTableSize(size: number): void {
    this.maxTableSize = size;
    if (size < this.table.capacity) this.updateDue = Math.min(this.updateDue, size);
  }

  /** Decodes one whole header block, `bytes[start, end)`, of which nothing is kept. Throws `HpackError`. */
  decode(bytes: Uint8Array, start: number, end: number): DecodedBlock {
    const block = new DecodedBlock();
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.block = block;
    this.length = 0;
    this.fieldsLength = 0;
    this.listBytes = 0;
    this.seen = 0;
    this.readSizeUpdates();
    while (this.at < end) {
      const first = bytes[this.at];
      if (first >= 0x80) this.addEntry(this.entry(this.readInteger(0x7f)));
      else if (first >= 0x40) this.readLiteral(0x3f, true);
      else if (first < 0x20) this.readLiteral(0x0f, false);
      else throw new HpackError("a dynamic table size update behind a field");
    }
    block.bytes = scratch.slice(0, this.length);
    block.fields = ownFields(FIELDS, this.fieldsLength);
    block.listBytes = this.listBytes;
    block.expansion = this.listBytes - this.table.capacity - FAIR * (end - start);
    this.bytes = NOTHING;
    this.block = NO_BLOCK;
    if (scratch.length > SCRATCH_KEPT) scratch = new Uint8Array(SCRATCH_KEPT);
    return block;
  }

  private readSizeUpdates(): void {
    while (this.at < this.end && (this.bytes[this.at] & 0xe0) === 0x20) {
      const size = this.readInteger(0x1f);
      const max = Math.min(this.maxTableSize, this.updateDue);
      if (size > max) {
        throw new HpackError(`a dynamic table size update to ${size}, above ${max}`);
      }
      this.updateDue = NO_UPDATE_DUE;
      this.table.resize(size);
    }
    if (this.updateDue !== NO_UPDATE_DUE) {
      throw new HpackError(`no dynamic table size update to ${this.updateDue} or less`);
    }
  }

  /** RFC 7541 section 2.3.3. */
  private entry(index: number): DecoderEntry {
    if (index < FIRST_DYNAMIC && index > 0) return staticEntry(index);
    const entry = this.table.get(index - FIRST_DYNAMIC);
    if (entry === undefined) {
      throw new HpackError(`index ${index} with ${this.table.count} entries in the dynamic table`);
    }
    return entry;
  }

  /** An indexed field (RFC 7541 section 6.1). */
  private addEntry(entry: DecoderEntry): void {
    if (!this.admit(entry.size)) return;
    const { id, bytes, nameLength, fault } = entry;
    const { length } = bytes;
    const nameStart = this.length;
    const valueEnd = nameStart + length;
    if (valueEnd > scratch.length) reserve(nameStart, length);
    const target = scratch;
    // Of a whole array, the native copy pays early.
    if (length > 24) target.set(bytes, nameStart);
    else for (let i = 0; i < length; i++) target[nameStart + i] = bytes[i];
    const at = this.fieldsLength;
    const fields = FIELDS;
    fields[at] = id;
    fields[at + 1] = nameStart;
    fields[at + 2] = nameStart + nameLength;
    fields[at + 3] = nameStart + nameLength;
    fields[at + 4] = valueEnd;
    this.fieldsLength = at + STRIDE;
    this.length = valueEnd;
    if (id < FieldId.deleted) this.notePseudo(id, entry.text(), fault);
    else {
      this.seen |= 1;
      if (fault !== null) this.block.fault ??= fault;
    }
  }

  /** A literal field, with or without being added to the table (RFC 7541 section 6.2). */
  private readLiteral(indexMask: number, addToTable: boolean): void {
    const nameStart = this.length;
    const index = this.readInteger(indexMask);
    let id: number;
    let valueStart: number;
    let sentNameLength: number;
    let badName: string | null = null;
    if (index !== 0) {
      const named = this.entry(index);
      id = named.id;
      valueStart = this.copy(named.bytes, 0, named.nameLength, nameStart);
      sentNameLength = named.sentNameLength;
      badName = named.nameFault;
    } else {
      valueStart = this.readString(nameStart);
      sentNameLength = valueStart - nameStart;
      if (sentNameLength > 0 && scratch[nameStart] === COLON) {
        id = pseudoIdOfName(latin1(scratch, nameStart, valueStart));
        if (id === PSEUDO.unknown) {
          badName = "An unknown pseudo-header field";
        } else {
          const name = storedName(id);
          valueStart = this.copy(name, 0, name.length, nameStart);
        }
      } else {
        id = fieldIdOfBytes(scratch, nameStart, valueStart);
        badName = nameFault(scratch, nameStart, valueStart);
      }
    }
    const valueEnd = this.readString(valueStart);
    const fault = badName ?? valueFault(scratch, valueStart, valueEnd);
    const size = sentNameLength + valueEnd - valueStart + ENTRY_OVERHEAD;
    if (addToTable) {
      if (size > this.table.capacity) {
        this.table.clear();
      } else {
        const stored = scratch.slice(nameStart, valueEnd);
        const nameLength = valueStart - nameStart;
        this.table.add(new DecoderEntry(id, stored, nameLength, sentNameLength, badName, fault));
      }
    }
    if (!this.admit(size)) return;
    if (id < FieldId.deleted) this.notePseudo(id, TEXTS.get(scratch, valueStart, valueEnd), fault);
    else this.noteRegular(fault);
    this.addField(id, nameStart, valueStart, valueEnd);
  }

  /** True where a field still fits into the list. */
  private admit(size: number): boolean {
    this.listBytes += size;
    if (this.block.overLimit) return false;
    if (
      this.listBytes > this.limits.maxHeaderListBytes ||
      this.fieldsLength >= this.limits.maxFields * STRIDE
    ) {
      this.block.overLimit = true;
      return false;
    }
    return true;
  }

  private addField(id: number, nameStart: number, valueStart: number, valueEnd: number): void {
    const at = this.fieldsLength;
    FIELDS[at] = id;
    FIELDS[at + 1] = nameStart;
    FIELDS[at + 2] = valueStart;
    FIELDS[at + 3] = valueStart;
    FIELDS[at + 4] = valueEnd;
    this.fieldsLength = at + STRIDE;
    this.length = valueEnd;
  }

  private noteRegular(fault: string | null): void {
    this.seen |= 1;
    if (fault !== null) this.block.fault ??= fault;
  }

  private notePseudo(id: number, text: string, fault: string | null): void {
    const { block } = this;
    const bit = 1 << -id;
    if (fault !== null) block.fault ??= fault;
    else if ((this.seen & 1) !== 0) block.fault ??= "A pseudo-header field behind a regular field";
    else if ((this.seen & bit) !== 0) block.fault ??= "The same pseudo-header field twice";
    this.seen |= bit;
    if (id === PSEUDO.method) block.method = text;
    else if (id === PSEUDO.path) block.path = text;
    else if (id === PSEUDO.scheme) block.scheme = text;
    else if (id === PSEUDO.authority) block.authority = text;
    else if (id === PSEUDO.status) block.status = text;
    else if (id === PSEUDO.protocol) block.protocol = text;
  }

  /**
   * RFC 7541 section 5.1. Above 2^31 - 1 is an error, and so are more than five octets behind the
   * first: no size, index or length here comes near.
   */
  private readInteger(mask: number): number {
    const { bytes, end } = this;
    let value = bytes[this.at++] & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 28; shift += 7) {
      if (this.at === end) throw new HpackError("a block that ends inside an integer");
      const octet = bytes[this.at++];
      if (shift === 28 && octet > 7) break;
      value += (octet & 0x7f) << shift;
      if (octet < 0x80 && value <= 0x7fffffff) return value;
    }
    throw new HpackError("an integer above 2^31 - 1, or in too many octets");
  }

  /** Reads a string literal (RFC 7541 section 5.2) into `scratch` at `to` and returns the offset behind it. */
  private readString(to: number): number {
    if (this.at === this.end) throw new HpackError("a block that ends where a string should begin");
    const coded = this.bytes[this.at] >= 0x80;
    const length = this.readInteger(0x7f);
    const start = this.at;
    if (length > this.end - start) {
      throw new HpackError(`a string of ${length} octets where ${this.end - start} are left`);
    }
    this.at = start + length;
    if (!coded) return this.copy(this.bytes, start, this.at, to);
    reserve(to, huffmanDecodedBound(length));
    return huffmanDecode(this.bytes, start, this.at, scratch, to);
  }

  private copy(source: Uint8Array, start: number, end: number, to: number): number {
    reserve(to, end - start);
    return copyBytes(scratch, to, source, start, end);
  }
}

/** Makes room for `size` octets in `scratch` behind the first `used`, which stay. */
function reserve(used: number, size: number): void {
  if (used + size <= scratch.length) return;
  const larger = new Uint8Array(Math.max(used + size, scratch.length * 2));
  larger.set(scratch.subarray(0, used));
  scratch = larger;
}
