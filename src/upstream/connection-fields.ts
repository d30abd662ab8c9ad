import { FieldId } from "../wire/field-names.ts";
import { NOT_FROM_UPSTREAM } from "../wire/field-sets.ts";
import type { HeaderList } from "../wire/header-list.ts";

/**
 * Removes what a response's head says about its own connection only (RFC 9110 section 7.6.1): the
 * hop-by-hop fields, Transfer-Encoding among them, and every field that `Connection` names.
 * Content-Length stays, because an answer to HEAD passes it on.
 */
export function removeHopByHopFields(fields: HeaderList): void {
  for (let slot = 0; slot < fields.slots; slot++) {
    const id = fields.idAt(slot);
    if (NOT_FROM_UPSTREAM[id] !== 1) continue;
    // Nearly every Connection field is one of these two, and names no field.
    if (
      id === FieldId.connection &&
      !fields.valueIs(slot, "keep-alive") &&
      !fields.valueIs(slot, "close")
    ) {
      removeNamed(fields, fields.valueAt(slot));
    }
    fields.removeAt(slot);
  }
}

function removeNamed(fields: HeaderList, options: string): void {
  for (const option of options.split(",")) {
    const name = option.trim().toLowerCase();
    if (name !== "" && name !== "close" && name !== "keep-alive" && name !== "content-length") {
      fields.delete(name);
    }
  }
}
