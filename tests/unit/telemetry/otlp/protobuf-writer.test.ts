import { expect, test } from "bun:test";
import { type AttributeValue, writeAttribute } from "../../../../src/telemetry/otlp/attributes.ts";
import { BatchWriter } from "../../../../src/telemetry/otlp/item-batch.ts";
import { ProtobufWriter } from "../../../../src/telemetry/otlp/protobuf-writer.ts";
import { type Decoded, OTLP_TYPES } from "../../../support/servers/otlp-schemas.ts";

const LONG = "é€😀".repeat(5000);

test.each<[string, AttributeValue]>([
  ["empty text", ""],
  ["text", "hello"],
  ["text of 127 and 128 bytes", `${"a".repeat(127)}`],
  ["long text that is no ASCII", LONG],
  ["0", 0],
  ["a number of more than 32 bits", 2 ** 45 + 1],
  ["a number below 0", -3],
  ["a fraction", 0.25],
  ["true", true],
  ["a list", ["a", LONG, "c"]],
])("%s as an independent reader has it", (_, value) => {
  const writer = new ProtobufWriter();
  for (let i = 0; i < 3; i++) writeAttribute(writer, 1, `key${i}`, value);
  const { attributes } = OTLP_TYPES.resource.decode(writer.take());
  const textOrNumber = (given: Decoded): unknown =>
    given?.arrayValue
      ? given.arrayValue.values!.map(textOrNumber)
      : given?.intValue !== undefined && given.intValue !== null
        ? Number(given.intValue)
        : (given?.stringValue ?? given?.boolValue ?? given?.doubleValue);
  expect(attributes.map((one: Decoded) => [one.key, textOrNumber(one.value)])).toEqual([
    ["key0", value],
    ["key1", value],
    ["key2", value],
  ]);
  expect(writer.length).toBe(0);
});

test("items go together when there are enough, and when they are asked for", () => {
  const counts: number[] = [];
  const batches = new BatchWriter(({ count }) => counts.push(count), 3, 60_000);
  for (let i = 0; i < 7; i++) {
    batches.writer.integer(1, i);
    batches.added();
  }
  batches.flush();
  batches.flush();
  expect(counts).toEqual([3, 3, 1]);
});
