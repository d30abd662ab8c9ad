import { concatBytes, latin1, latin1Bytes } from "../../core/bytes.ts";
import { decodeName, encodeName } from "./dns-names.ts";

/** Types of records (RFC 1035 section 3.2.2, RFC 6891, RFC 8945). */
export const TYPE = { NS: 2, CNAME: 5, SOA: 6, TXT: 16, OPT: 41, TSIG: 250, ANY: 255 } as const;

/** Classes; NONE and ANY are for updates (RFC 2136 section 2.4). */
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const;

export const OPCODE = { QUERY: 0, UPDATE: 5 } as const;

/** Names of response codes (RFC 1035, RFC 2136, RFC 8945). */
const RCODES: Readonly<Record<number, string>> = {
  0: "NOERROR",
  1: "FORMERR",
  2: "SERVFAIL",
  3: "NXDOMAIN",
  4: "NOTIMP",
  5: "REFUSED",
  6: "YXDOMAIN",
  7: "YXRRSET",
  8: "NXRRSET",
  9: "NOTAUTH",
  10: "NOTZONE",
  16: "BADSIG",
  17: "BADKEY",
  18: "BADTIME",
  22: "BADTRUNC",
};

export const RCODE = { NOERROR: 0, NXDOMAIN: 3 } as const;

export const rcodeName = (code: number): string => RCODES[code] ?? `code ${code}`;

export interface DnsQuestion {
  /** With its final dot. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface DnsResourceRecord extends DnsQuestion {
  /** Seconds. */
  readonly ttl: number;
  /** As on the wire. Names in it may be pointers into their message. */
  readonly data: Uint8Array;
  /** The name that a CNAME or NS record refers to; "" for others. */
  readonly target: string;
  /** The strings of a TXT record; none for others. */
  readonly texts: readonly string[];
  /** Where it begins in its message. */
  readonly offset: number;
}

export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly truncated: boolean;
  readonly rcode: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsResourceRecord[];
  readonly authorities: readonly DnsResourceRecord[];
  readonly additional: readonly DnsResourceRecord[];
}

/** A record to be written. */
export interface NewRecord extends DnsQuestion {
  readonly ttl: number;
  readonly data: Uint8Array;
}

const HEADER = 12;
const QR = 0x8000;
const TC = 0x0200;
const RD = 0x0100;
const OPCODE_SHIFT = 11;

/** What a datagram may have: what gets through every network unbroken (RFC 9715). */
const DATAGRAM = 1232;

/** A query for one name; its answer may have EDNS's size. */
export function encodeQuery(id: number, question: DnsQuestion, recursion: boolean): Uint8Array {
  const options = { name: ".", type: TYPE.OPT, class: DATAGRAM, ttl: 0, data: new Uint8Array() };
  return encodeMessage(id, recursion ? RD : 0, [question], [[], [], [options]]);
}

/** An update (RFC 2136) of one zone: records in the form of section 2.5. */
export function encodeUpdate(id: number, zone: string, updates: readonly NewRecord[]): Uint8Array {
  const question = { name: zone, type: TYPE.SOA, class: CLASS.IN };
  return encodeMessage(id, OPCODE.UPDATE << OPCODE_SHIFT, [question], [[], updates, []]);
}

/** An answer to a query, as a server gives it. */
export function encodeAnswer(
  query: DnsMessage,
  rcode: number,
  answers: readonly NewRecord[],
  truncated = false,
): Uint8Array {
  const flags = QR | (query.opcode << OPCODE_SHIFT) | (truncated ? TC : 0) | rcode;
  return encodeMessage(query.id, flags, query.questions, [answers, [], []]);
}

function encodeMessage(
  id: number,
  flags: number,
  questions: readonly DnsQuestion[],
  sections: readonly (readonly NewRecord[])[],
): Uint8Array {
  return concatBytes([
    words(id, flags, questions.length, ...sections.map(({ length }) => length)),
    ...questions.flatMap((question) => [
      encodeName(question.name),
      words(question.type, question.class),
    ]),
    ...sections.flat().map(encodeRecord),
  ]);
}

export function encodeRecord({ name, type, class: kind, ttl, data }: NewRecord): Uint8Array {
  return concatBytes([
    encodeName(name),
    words(type, kind, Math.floor(ttl / 0x10000), ttl % 0x10000, data.length),
    data,
  ]);
}

/** 16-bit numbers, in network byte order. */
export function words(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [(value >> 8) & 0xff, value & 0xff]));
}

/** The data of a TXT record with one text, cut into strings of at most 255 bytes. */
export function textData(text: string): Uint8Array {
  const bytes = latin1Bytes(text);
  const parts: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 255) {
    const part = bytes.subarray(at, at + 255);
    parts.push(Uint8Array.of(part.length), part);
  }
  return concatBytes(parts);
}

/** Reads a message. Throws an Error where it is malformed. */
export function decodeMessage(message: Uint8Array): DnsMessage {
  if (message.length < HEADER) throw new Error("malformed DNS message: it has no header");
  const flags = wordAt(message, 2);
  let at = HEADER;
  const questions: DnsQuestion[] = [];
  for (let left = wordAt(message, 4); left > 0; left--) {
    const { name, end } = decodeName(message, at);
    questions.push({ name, type: wordAt(message, end), class: wordAt(message, end + 2) });
    at = end + 4;
  }
  const section = (count: number): DnsResourceRecord[] => {
    const records: DnsResourceRecord[] = [];
    for (; count > 0; count--) {
      const { record, end } = decodeRecord(message, at);
      records.push(record);
      at = end;
    }
    return records;
  };
  return {
    id: wordAt(message, 0),
    response: (flags & QR) !== 0,
    opcode: (flags >> OPCODE_SHIFT) & 0xf,
    truncated: (flags & TC) !== 0,
    rcode: flags & 0xf,
    questions,
    answers: section(wordAt(message, 6)),
    authorities: section(wordAt(message, 8)),
    additional: section(wordAt(message, 10)),
  };
}

function decodeRecord(
  message: Uint8Array,
  offset: number,
): { record: DnsResourceRecord; end: number } {
  const { name, end } = decodeName(message, offset);
  const type = wordAt(message, end);
  const start = end + 10;
  const stop = start + wordAt(message, end + 8);
  if (stop > message.length) throw new Error("malformed DNS message: a record goes beyond its end");
  const data = message.subarray(start, stop);
  const refers = type === TYPE.CNAME || type === TYPE.NS;
  const record = {
    name,
    type,
    class: wordAt(message, end + 2),
    ttl: wordAt(message, end + 4) * 0x10000 + wordAt(message, end + 6),
    data,
    target: refers ? decodeName(message, start).name : "",
    texts: type === TYPE.TXT ? textsOf(data) : [],
    offset,
  };
  return { record, end: stop };
}

function textsOf(data: Uint8Array): string[] {
  const texts: string[] = [];
  for (let at = 0; at < data.length; at += 1 + data[at]) {
    const end = at + 1 + data[at];
    if (end > data.length) throw new Error("malformed DNS message: a text goes beyond its end");
    texts.push(latin1(data, at + 1, end));
  }
  return texts;
}

/** The 16-bit number at `at`. Throws an Error where the message ends before it. */
export function wordAt(message: Uint8Array, at: number): number {
  if (at + 2 > message.length) throw new Error("malformed DNS message: it ends too early");
  return (message[at] << 8) | message[at + 1];
}
