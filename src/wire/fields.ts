import { FreeList } from "../core/free-list.ts";

/**
 * A field section as a flat list of numbers, `STRIDE` for each field in the order of arrival:
 * id (see field-names.ts), name start, name end, value start, value end; offsets into the bytes that
 * come with it. Values are without surrounding whitespace. A plain array on purpose: it is the
 * cheapest thing to allocate once a message.
 */
export type Fields = number[];

export const STRIDE = 5;

/** Arrays of header lists that were recycled, for the next sections. */
export const FREE_FIELDS = new FreeList<Fields>();

/** The first `length` numbers of `fields` in an array of its own: growing a fresh one costs three times as much. */
export function ownFields(fields: Fields, length: number): Fields {
  const own = FREE_FIELDS.take();
  if (own === undefined) return fields.slice(0, length);
  while (own.length > length) own.pop();
  for (let i = 0; i < length; i++) own[i] = fields[i];
  return own;
}
