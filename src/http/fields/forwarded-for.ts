import { FieldId } from "../../wire/field-names.ts";
import type { HeaderList } from "../../wire/header-list.ts";

/** Appends a peer's address to X-Forwarded-For; "" is none. */
export function appendForwardedFor(list: HeaderList, ip: string): void {
  if (ip === "") return;
  const before = list.get("x-forwarded-for");
  list.setId(FieldId.xForwardedFor, before === null ? ip : `${before}, ${ip}`);
}
