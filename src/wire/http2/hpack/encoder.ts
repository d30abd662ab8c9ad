import { copyBytes, writeLatin1 } from "../../../core/bytes.ts";
import { FieldId } from "../../field-names.ts";
import type { HeaderBlock } from "../message.ts";
import {
  AUTHORITY,
  COOKIE,
  type EncoderName,
  Indexing,
  METHOD,
  NAMES_BY_ID,
  PATH,
  SCHEME,
  STATUS,
  staticName,
} from "./encoder-name.ts";
import { EncoderTable, fullHash, quickHash } from "./encoder-table.ts";
import { huffmanEncode, huffmanLength } from "./huffman.ts";
import { DEFAULT_TABLE_SIZE, ENTRY_OVERHEAD } from "./static-table.ts";

/** First octets of the representations, and the prefixes of the integers in them (RFC 7541 section 6). */
const INDEXED = 0x80;
const INDEXED_PREFIX = 0x7f;
const WITH_INDEXING = 0x40;
const WITH_INDEXING_PREFIX = 0x3f;
const SIZE_UPDATE = 0x20;
const SIZE_UPDATE_PREFIX = 0x1f;
const NEVER_INDEXED = 0x10;
const WITHOUT_INDEXING = 0x00;
const WITHOUT_INDEXING_PREFIX = 0x0f;
const HUFFMAN = 0x80;
const STRING_PREFIX = 0x7f;

/** The most octets of an integer: a prefix, and 32 bits. */
const LONGEST_INTEGER = 6;

/**
 * Strings up to so many octets, whose lengths are surely one octet, are coded without looking first
 * whether it makes them shorter: there must be room for the longest codes, 30 bits for an octet.
 */
const MOST_AT_ONCE = STRING_PREFIX - 1;
const ROOM_AT_ONCE = MOST_AT_ONCE * 4;

/** Longer strings go as they are: coding takes ten times as long as copying, and that on both sides. */
const MOST_CODED = 1024;

/** A cookie below this has too little to guess. Another hop's table might help with that (RFC 7541 section 7.1.3). */
const SHORT_COOKIE = 20;

/** Indexes of the static table. */
const METHOD_GET = 2;
const METHOD_POST = 3;
const PATH_ROOT = 4;
const SCHEME_HTTP = 6;
const SCHEME_HTTPS = 7;
const STATUS_200 = 8;
/** Those that stand in the static table from there on. */
const STATUSES = [200, 204, 206, 304, 400, 404, 500];

const SMALLEST_BUFFER = 1024;
/** What an exceptional block made larger than this is given back. */
const BUFFER_KEPT = 16 * 1024;

/** Where texts become bytes, of all encoders. */
let nameScratch = new Uint8Array(256);
let valueScratch = new Uint8Array(1024);

/**
 * Encodes the header blocks of one connection (RFC 7541). What is encoded must be sent, whole and in
 * order, as the table changes with it; or given up with `discard`.
 *
 * Strings are Huffman coded where that makes them shorter, unless they are very long. The dynamic
 * table has fields that come again; see `Indexing`.
 */
export class HpackEncoder implements HeaderBlock {
  /** The block since `begin` is `buffer[0, length)`, until the next `begin`. Adding to it may change the array. */
  buffer: Uint8Array = new Uint8Array(SMALLEST_BUFFER);
  length = 0;
  private readonly maxTableSize: number;
  private readonly table: EncoderTable;
  /** The table's size has changed, and was `smallestSize` on the way. */
  private updateDue: boolean;
  private smallestSize: number;

  /** `maxTableSize`: bytes of the dynamic table, however much more the peer allows. */
  constructor(maxTableSize: number) {
    const size = Math.min(maxTableSize, DEFAULT_TABLE_SIZE);
    this.maxTableSize = maxTableSize;
    this.table = new EncoderTable(size);
    this.updateDue = size < DEFAULT_TABLE_SIZE;
    this.smallestSize = size;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; 4,096 before. Not between `begin` and the end of a block. */
  setPeerTableSize(size: number): void {
    const { table } = this;
    const capacity = Math.min(this.maxTableSize, size);
    if (capacity === table.capacity) return;
    table.resize(capacity);
    this.smallestSize = this.updateDue ? Math.min(this.smallestSize, capacity) : capacity;
    this.updateDue = true;
  }

  /** Begins a block; with it the updates of the table's size that are due (RFC 7541 section 4.2). */
  begin(): void {
    this.length = 0;
    if (this.buffer.length > BUFFER_KEPT) this.buffer = new Uint8Array(SMALLEST_BUFFER);
    if (!this.updateDue) return;
    const { capacity } = this.table;
    if (this.smallestSize < capacity) this.sizeUpdate(this.smallestSize);
    this.sizeUpdate(capacity);
    this.updateDue = false;
  }

  /** What was encoded since `begin` isn't sent: the peer's table lacks it, so both begin anew. */
  discard(): void {
    const { capacity } = this.table;
    this.table.resize(0);
    this.table.resize(capacity);
    this.smallestSize = 0;
    this.updateDue = true;
  }

  status(status: number): void {
    if (status === 200) {
      this.indexed(STATUS_200);
      return;
    }
    const place = STATUSES.indexOf(status);
    if (place >= 0) this.indexed(STATUS_200 + place);
    else this.pseudo(STATUS, String(status));
  }

  /** Those that are "" are left out, as CONNECT has it. */
  request(method: string, scheme: string, authority: string, path: string): void {
    if (method === "GET") this.indexed(METHOD_GET);
    else if (method === "POST") this.indexed(METHOD_POST);
    else this.pseudo(METHOD, method);
    if (scheme === "https") this.indexed(SCHEME_HTTPS);
    else if (scheme === "http") this.indexed(SCHEME_HTTP);
    else this.pseudo(SCHEME, scheme);
    this.pseudo(AUTHORITY, authority);
    if (path === "/") this.indexed(PATH_ROOT);
    else this.pseudo(PATH, path);
  }

  field(
    id: number,
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    if (id > FieldId.other) {
      this.known(NAMES_BY_ID[id], bytes, valueStart, valueEnd);
      return;
    }
    const nameLength = nameEnd - nameStart;
    if (nameLength > nameScratch.length) nameScratch = new Uint8Array(nameLength * 2);
    for (let i = 0; i < nameLength; i++) nameScratch[i] = lower(bytes[nameStart + i]);
    this.other(nameLength, bytes, valueStart, valueEnd);
  }

  text(id: number, name: string, value: string): void {
    const valueLength = this.toScratch(value);
    if (id > FieldId.other) {
      this.known(NAMES_BY_ID[id], valueScratch, 0, valueLength);
      return;
    }
    const { length } = name;
    if (length > nameScratch.length) nameScratch = new Uint8Array(length * 2);
    for (let i = 0; i < length; i++) nameScratch[i] = lower(name.charCodeAt(i));
    this.other(length, valueScratch, 0, valueLength);
  }

  private pseudo(name: EncoderName, value: string): void {
    if (value !== "") this.known(name, valueScratch, 0, this.toScratch(value));
  }

  private toScratch(text: string): number {
    if (text.length > valueScratch.length) valueScratch = new Uint8Array(text.length * 2);
    return writeLatin1(valueScratch, 0, text);
  }

  /** A field whose name is in `nameScratch`. */
  private other(nameLength: number, value: Uint8Array, start: number, end: number): void {
    const name = staticName(nameScratch, nameLength);
    if (name !== null) this.known(name, value, start, end);
    else this.tabled(null, nameLength, value, start, end);
  }

  private known(name: EncoderName, value: Uint8Array, start: number, end: number): void {
    if (name.indexing < Indexing.without) {
      this.tabled(name, 0, value, start, end);
    } else {
      const secret =
        name.indexing === Indexing.never || (name === COOKIE && end - start < SHORT_COOKIE);
      const first = secret ? NEVER_INDEXED : WITHOUT_INDEXING;
      this.literal(first, WITHOUT_INDEXING_PREFIX, name, 0, value, start, end);
    }
  }

  /** A field that may be in the table, or come into it. */
  private tabled(
    name: EncoderName | null,
    nameLength: number,
    value: Uint8Array,
    start: number,
    end: number,
  ): void {
    const { table } = this;
    const hash = quickHash(name, nameScratch, nameLength, value, start, end);
    const index = table.find(hash, name, nameScratch, nameLength, value, start, end);
    if (index > 0) {
      this.indexed(index);
      return;
    }
    const size = (name === null ? nameLength : name.bytes.length) + end - start + ENTRY_OVERHEAD;
    // Beyond half of the table, one field would drive out more than it saves.
    const add =
      size * 2 <= table.capacity &&
      ((name !== null && name.indexing === Indexing.always) ||
        table.sentBefore(fullHash(hash, nameScratch, nameLength, value, start, end)));
    if (!add) {
      this.literal(WITHOUT_INDEXING, WITHOUT_INDEXING_PREFIX, name, nameLength, value, start, end);
      return;
    }
    this.literal(WITH_INDEXING, WITH_INDEXING_PREFIX, name, nameLength, value, start, end);
    const bytes = new Uint8Array(nameLength + end - start);
    copyBytes(bytes, copyBytes(bytes, 0, nameScratch, 0, nameLength), value, start, end);
    table.insert(hash, name, bytes, nameLength);
  }

  private indexed(index: number): void {
    this.reserve(LONGEST_INTEGER);
    this.integer(INDEXED, INDEXED_PREFIX, index);
  }

  private sizeUpdate(size: number): void {
    this.reserve(LONGEST_INTEGER);
    this.integer(SIZE_UPDATE, SIZE_UPDATE_PREFIX, size);
  }

  /** RFC 7541 section 6.2: a name by index where there is one, and a value. */
  private literal(
    first: number,
    prefix: number,
    name: EncoderName | null,
    nameLength: number,
    value: Uint8Array,
    start: number,
    end: number,
  ): void {
    const length = name === null ? nameLength : name.bytes.length;
    this.reserve(3 * LONGEST_INTEGER + length + end - start + ROOM_AT_ONCE);
    this.integer(first, prefix, name === null ? 0 : name.index);
    if (name === null) this.string(nameScratch, 0, nameLength);
    else if (name.index === 0) this.string(name.bytes, 0, name.bytes.length);
    this.string(value, start, end);
  }

  /** RFC 7541 section 5.2. */
  private string(bytes: Uint8Array, start: number, end: number): void {
    const plain = end - start;
    if (plain <= MOST_AT_ONCE) {
      const at = this.length;
      const behind = huffmanEncode(bytes, start, end, this.buffer, at + 1);
      const coded = behind - at - 1;
      if (coded < plain) {
        this.buffer[at] = HUFFMAN | coded;
        this.length = behind;
        return;
      }
    } else if (plain <= MOST_CODED) {
      const coded = huffmanLength(bytes, start, end);
      if (coded < plain) {
        this.integer(HUFFMAN, STRING_PREFIX, coded);
        this.length = huffmanEncode(bytes, start, end, this.buffer, this.length);
        return;
      }
    }
    this.integer(0, STRING_PREFIX, plain);
    this.length = copyBytes(this.buffer, this.length, bytes, start, end);
  }

  /** RFC 7541 section 5.1. */
  private integer(first: number, prefix: number, value: number): void {
    const { buffer } = this;
    if (value < prefix) {
      buffer[this.length++] = first | value;
      return;
    }
    buffer[this.length++] = first | prefix;
    value -= prefix;
    while (value >= 0x80) {
      buffer[this.length++] = value | 0x80;
      value = Math.floor(value / 128);
    }
    buffer[this.length++] = value;
  }

  private reserve(size: number): void {
    if (this.length + size <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(this.length + size, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}

function lower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}
