import { latin1 } from "../../../core/bytes.ts";
import { checkedValue } from "../../../http/lazy/lazy-headers.ts";
import { FieldId, fieldIdOfName } from "../../../wire/field-names.ts";
import type { HeaderList } from "../../../wire/header-list.ts";

/** Sets or deletes one field; made when the graph is compiled, so that nothing is left to check. */
export interface FieldEdit {
  /** `FieldId.other` where the name has no id. */
  readonly id: number;
  /** The spelling to send. */
  readonly name: string;
  readonly lowerName: string;
  /** Null deletes the field. */
  readonly value: string | null;
}

/** A value "" deletes. Throws a TypeError on a name or value that RFC 9110 section 5 forbids. */
export function fieldEdit(name: string, value: string): FieldEdit {
  const canonical = canonicalFieldName(name);
  const lowerName = canonical.toLowerCase();
  const checked = value === "" ? null : fieldText(value);
  return { id: fieldIdOfName(lowerName), name: canonical, lowerName, value: checked };
}

/** Edits from a map of names to values. */
export function fieldEdits(values: Readonly<Record<string, string>> | undefined): FieldEdit[] {
  return Object.entries(values ?? {}).map(([name, value]) => fieldEdit(name, value));
}

export function applyEdits(list: HeaderList, edits: readonly FieldEdit[]): void {
  for (let i = 0; i < edits.length; i++) {
    const { id, name, lowerName, value } = edits[i];
    if (value === null) list.delete(lowerName);
    else if (id === FieldId.other) list.setOther(name, lowerName, value);
    else list.setId(id, value);
  }
}

/**
 * Text from the configuration as it goes on the wire: UTF-8, one character a byte.
 * Throws a TypeError on control characters.
 */
export function fieldText(text: string): string {
  return checkedValue(latin1(new TextEncoder().encode(text)));
}

/** Go's canonical spelling: "x-forwarded-FOR" is "X-Forwarded-For". Throws on what is no token. */
export function canonicalFieldName(name: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
    throw new TypeError(`expected a header name, found ${JSON.stringify(name)}`);
  }
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
