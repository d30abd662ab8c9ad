import { aliasFreeName, FORWARDED_IDS, fieldIdOfName } from "../../wire/field-names.ts";

/** Bits of a mask over the field ids below 32, one for each kind of field that a request has. */
export const bit = (id: number) => 1 << id;

/** The managed headers: those that only a trusted peer may set. */
export const MANAGED = FORWARDED_IDS.reduce((mask, id) => mask | bit(id), 0);

/** True for a managed header's name in lower case, and for what a backend may take for one. */
export function isManagedName(lowerName: string): boolean {
  const id = fieldIdOfName(aliasFreeName(lowerName));
  return id < 32 && (bit(id) & MANAGED) !== 0;
}
