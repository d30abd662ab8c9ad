import type { HeaderBlock } from "../message.ts";

/** Encodes the header blocks of one connection (RFC 7541). What is encoded must be sent, in order. */
export class HpackEncoder implements HeaderBlock {
  /** The block since `begin` is `buffer[0, length)`; valid until the next call. */
  buffer: Uint8Array = new Uint8Array(512);
  length = 0;

  /** `maxTableSize`: bytes of the dynamic table, however much more the peer allows. */
  constructor(_maxTableSize: number) {}

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; 4,096 before. Not between `begin` and the end of a block. */
  setPeerTableSize(_size: number): void {}

  /** Begins a block; with it the updates of the table's size that are due. */
  begin(): void {
    this.length = 0;
  }

  status(_status: number): void {}

  request(_method: string, _scheme: string, _authority: string, _path: string): void {}

  field(
    _id: number,
    _bytes: Uint8Array,
    _nameStart: number,
    _nameEnd: number,
    _valueStart: number,
    _valueEnd: number,
  ): void {}

  text(_id: number, _name: string, _value: string): void {}
}
