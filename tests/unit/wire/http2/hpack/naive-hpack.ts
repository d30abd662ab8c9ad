import { STATIC_TABLE } from "../../../../../src/wire/http2/hpack/static-table.ts";
import type { Header } from "./header-list.ts";
import { HUFFMAN_CODES } from "./huffman-codes.ts";

/** HPACK once more, straight from RFC 7541 and without any concern for cost, sharing only the static table. */

export function integer(first: number, prefixBits: number, value: number): number[] {
  const max = 2 ** prefixBits - 1;
  if (value < max) return [first + value];
  const octets = [first + max];
  for (value -= max; value >= 128; value = Math.floor(value / 128)) {
    octets.push((value % 128) + 128);
  }
  return [...octets, value];
}

export function huffman(text: string): number[] {
  const bits = Array.from(text, (character) => HUFFMAN_CODES[character.charCodeAt(0)]).join("");
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
  return (padded.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2));
}

export function string(text: string, coded = false): number[] {
  const octets = coded ? huffman(text) : Array.from(text, (character) => character.charCodeAt(0));
  return [...integer(coded ? 0x80 : 0, 7, octets.length), ...octets];
}

export type Kind = "incremental" | "without" | "never";
const KINDS: Record<Kind, [first: number, prefixBits: number]> = {
  incremental: [0x40, 6],
  without: [0x00, 4],
  never: [0x10, 4],
};

/** A literal field, its name a text or an index. */
export function literal(kind: Kind, name: string | number, value: string, coded = false): number[] {
  const head = integer(...KINDS[kind], typeof name === "number" ? name : 0);
  const text = typeof name === "number" ? [] : string(name, coded);
  return [...head, ...text, ...string(value, coded)];
}

export const indexed = (index: number) => integer(0x80, 7, index);
export const sizeUpdate = (size: number) => integer(0x20, 5, size);

export interface Choice {
  /** How a field is written that isn't in a table, or `avoidIndex` is. */
  readonly kind: Kind;
  readonly avoidIndex: boolean;
  readonly avoidNameIndex: boolean;
  readonly coded: boolean;
}

/** A table, and an encoder that writes each field as it is told. */
export class NaiveEncoder {
  table: Header[] = [];
  capacity = 4096;

  sizeUpdate(size: number): number[] {
    this.capacity = size;
    this.evict();
    return sizeUpdate(size);
  }

  field(header: Header, choice: Choice): number[] {
    const [name, value] = header;
    const all = [...STATIC_TABLE, ...this.table];
    const index = all.findIndex((entry) => entry[0] === name && entry[1] === value) + 1;
    if (index > 0 && !choice.avoidIndex) return indexed(index);
    const nameIndex = all.findLastIndex((entry) => entry[0] === name) + 1;
    const byIndex = nameIndex > 0 && !choice.avoidNameIndex;
    if (choice.kind === "incremental") {
      this.table.unshift(header);
      this.evict();
    }
    return literal(choice.kind, byIndex ? nameIndex : name, value, choice.coded);
  }

  private evict(): void {
    const size = () =>
      this.table.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (size() > this.capacity) this.table.pop();
  }
}

/**
 * What stands in a block: "index 62", "incremental 31: text/html", "never name: value", "size 0",
 * with "~" in front of strings that are Huffman coded.
 */
export function describeBlock(block: Uint8Array): string[] {
  let at = 0;
  const readInteger = (prefixBits: number) => {
    const max = 2 ** prefixBits - 1;
    let value = block[at++] & max;
    if (value < max) return value;
    for (let factor = 1; ; factor *= 128) {
      const octet = block[at++];
      value += (octet % 128) * factor;
      if (octet < 128) return value;
    }
  };
  const readString = () => {
    const coded = block[at] >= 128;
    const length = readInteger(7);
    const octets = Array.from(block.subarray(at, (at += length)));
    if (!coded) return String.fromCharCode(...octets);
    let rest = octets.map((octet) => octet.toString(2).padStart(8, "0")).join("");
    let text = "~";
    while (rest.includes("0") || rest.length > 7) {
      const symbol = HUFFMAN_CODES.findIndex((code) => rest.startsWith(code));
      if (symbol < 0 || symbol > 255) throw new Error(`No code in ${rest}`);
      text += String.fromCharCode(symbol);
      rest = rest.slice(HUFFMAN_CODES[symbol].length);
    }
    return text;
  };
  const found: string[] = [];
  while (at < block.length) {
    const first = block[at];
    if (first >= 0x80) {
      found.push(`index ${readInteger(7)}`);
    } else if (first >= 0x20 && first < 0x40) {
      found.push(`size ${readInteger(5)}`);
    } else {
      const kind = first >= 0x40 ? "incremental" : first >= 0x10 ? "never" : "without";
      const index = readInteger(KINDS[kind][1]);
      const name = index === 0 ? readString() : index;
      found.push(`${kind} ${name}: ${readString()}`);
    }
  }
  if (at !== block.length) throw new Error("The block is too short");
  return found;
}
