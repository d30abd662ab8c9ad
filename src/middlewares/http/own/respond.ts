import { Body } from "../../../http/body.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { HeaderList } from "../../../wire/header-list.ts";
import { fieldEdits } from "../headers/field-edits.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";

/** `respond`, ours: answers every request itself, always the same; its router's service gets none. */
export const respond: HttpMiddlewareKind<"respond"> = {
  create({ status = 200, headers, body = "" }) {
    const bytes = new TextEncoder().encode(body);
    const bodyless = status === 204 || status === 304;
    if (bodyless && bytes.length > 0)
      throw new Error(`respond: body: expected none with the status ${status}`);
    const fields = new HeaderList();
    for (const { name, value } of fieldEdits(headers))
      if (value !== null) fields.append(name, value);
    return {
      middleware: () => () =>
        new LazyResponse(status, fields.clone(), bodyless ? null : Body.of(bytes)),
    };
  },
};
