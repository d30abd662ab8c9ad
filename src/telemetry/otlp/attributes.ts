import type { ProtobufWriter } from "./protobuf-writer.ts";

export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = readonly (readonly [name: string, value: AttributeValue])[];

/** Fields of opentelemetry.proto.common.v1 KeyValue, AnyValue and ArrayValue. */
const KEY = 1;
const VALUE = 2;
const STRING = 1;
const BOOLEAN = 2;
const INTEGER = 3;
const DOUBLE = 4;
const ARRAY = 5;
const VALUES = 1;

/** Writes a KeyValue into that field of the message that is open. */
export function writeAttribute(
  writer: ProtobufWriter,
  field: number,
  name: string,
  value: AttributeValue,
): void {
  const pair = writer.open(field);
  writer.text(KEY, name);
  writeValue(writer, VALUE, value);
  writer.end(pair);
}

/** Writes an AnyValue into that field. */
export function writeValue(writer: ProtobufWriter, field: number, value: AttributeValue): void {
  const any = writer.open(field);
  if (typeof value === "string") writer.text(STRING, value);
  else if (typeof value === "boolean") writer.integer(BOOLEAN, value ? 1 : 0);
  else if (typeof value === "number") {
    if (Number.isSafeInteger(value)) writer.signed(INTEGER, value);
    else writer.double(DOUBLE, value);
  } else {
    const array = writer.open(ARRAY);
    for (const item of value) writeValue(writer, VALUES, item);
    writer.end(array);
  }
  writer.end(any);
}

export function writeAttributes(
  writer: ProtobufWriter,
  field: number,
  attributes: Attributes,
): void {
  for (const [name, value] of attributes) writeAttribute(writer, field, name, value);
}

/** Milliseconds since the epoch, as OTLP has times: nanoseconds. */
export function nanosecondsOf(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000)) * 1000n;
}
