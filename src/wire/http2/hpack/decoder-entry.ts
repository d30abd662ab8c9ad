import { latin1, latin1Bytes } from "../../../core/bytes.ts";
import { pseudoIdOfName, storedName } from "../../field-block/pseudo.ts";
import { fieldIdOfName } from "../../field-names.ts";
import { ENTRY_OVERHEAD, FIRST_DYNAMIC, STATIC_TABLE } from "./static-table.ts";

/** A field in a decoder's table, with all that is known of it: what comes by its index costs a copy. */
export class DecoderEntry {
  /** See DecodedBlock.fields. */
  readonly id: number;
  /** The name as a decoded block has it, and the value behind it. */
  readonly bytes: Uint8Array;
  readonly nameLength: number;
  /** The length of the name in the list as it was sent. */
  readonly sentNameLength: number;
  readonly nameFault: string | null;
  /** What is wrong with the name, else with the value. */
  readonly fault: string | null;
  /** RFC 7541 section 4.1. */
  readonly size: number;
  private valueText: string | null = null;

  constructor(
    id: number,
    bytes: Uint8Array,
    nameLength: number,
    sentNameLength: number,
    nameFault: string | null,
    fault: string | null,
  ) {
    this.id = id;
    this.bytes = bytes;
    this.nameLength = nameLength;
    this.sentNameLength = sentNameLength;
    this.nameFault = nameFault;
    this.fault = fault;
    this.size = sentNameLength + bytes.length - nameLength + ENTRY_OVERHEAD;
  }

  /** The value as text: the same string each time. */
  text(): string {
    return (this.valueText ??= latin1(this.bytes, this.nameLength));
  }
}

const STATIC_ENTRIES: (DecoderEntry | undefined)[] = new Array(FIRST_DYNAMIC).fill(undefined);

/** The static table's entry, from 1 to 61. Each is made when it is needed first. */
export function staticEntry(index: number): DecoderEntry {
  return (STATIC_ENTRIES[index] ??= makeStaticEntry(index));
}

function makeStaticEntry(index: number): DecoderEntry {
  const [name, value] = STATIC_TABLE[index - 1];
  const pseudo = name.startsWith(":");
  const id = pseudo ? pseudoIdOfName(name) : fieldIdOfName(name);
  const stored = pseudo ? latin1(storedName(id)) : name;
  const bytes = latin1Bytes(stored + value);
  return new DecoderEntry(id, bytes, stored.length, name.length, null, null);
}
