import { FieldId, fieldIdOfName } from "../../wire/field-names.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import { bit, isManagedName } from "./managed-fields.ts";

// Fields that say where the message ends or where it goes: no Connection option may take them away.
const FRAMING = bit(FieldId.host) | bit(FieldId.contentLength) | bit(FieldId.transferEncoding);

/**
 * Deletes the fields that `Connection` names, except the managed ones and those that
 * forwardedHeaders.connection lists; what is left in `Connection` is those, and Upgrade.
 */
export function obeyConnection(list: HeaderList, kept: ReadonlySet<string>): void {
  // What nearly every HTTP/1 client says names no field but Keep-Alive.
  const slot = list.findId(FieldId.connection);
  const usual = list.valueIs(slot, "keep-alive");
  if ((usual || list.valueIs(slot, "close")) && list.findId(FieldId.connection, slot + 1) < 0) {
    if (!kept.has("keep-alive")) {
      if (usual) list.deleteId(FieldId.keepAlive);
      list.removeAt(slot);
      return;
    }
  }
  const left: string[] = [];
  let upgrade = false;
  for (const value of list.all("connection")) {
    for (const token of value.split(",")) {
      const name = token.trim();
      const lowerName = name.toLowerCase();
      if (name === "" || isManagedName(lowerName)) continue;
      if (lowerName === "upgrade") upgrade = true;
      else if (kept.has(lowerName)) left.push(name);
      else deleteNamed(list, lowerName);
    }
  }
  if (upgrade && list.has("upgrade")) left.push("Upgrade");
  if (left.length > 0) list.setId(FieldId.connection, left.join(","));
  else list.deleteId(FieldId.connection);
}

function deleteNamed(list: HeaderList, lowerName: string): void {
  const id = fieldIdOfName(lowerName);
  if (id === FieldId.connection || (id < 32 && (bit(id) & FRAMING) !== 0)) return;
  list.delete(lowerName);
}

/**
 * Deletes what `Connection` still names after `forwardedHeaders`: the proxy step's part, when the
 * middlewares have seen the fields that forwardedHeaders.connection let through.
 */
export function removeNamedByConnection(list: HeaderList): void {
  const connection = list.get("connection");
  if (connection === null) return;
  for (const token of connection.split(",")) {
    const lowerName = token.trim().toLowerCase();
    if (lowerName !== "" && lowerName !== "upgrade" && !isManagedName(lowerName)) {
      deleteNamed(list, lowerName);
    }
  }
}
