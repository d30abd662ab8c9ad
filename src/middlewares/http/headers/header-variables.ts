import { latin1 } from "../../../core/bytes.ts";
import type { Exchange } from "../../../http/exchange.ts";
import type { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { HeaderList } from "../../../wire/header-list.ts";
import { applyEdits, type FieldEdit, fieldEdit } from "./field-edits.ts";

type Variable = (request: LazyRequest, exchange: Exchange) => string;

/** What values may name in braces. Empty where the connection or the request has nothing of it. */
const VARIABLES: Readonly<Record<string, Variable>> = {
  "client.ip": (_, { downstream }) => downstream.remote.ip,
  "client.port": (_, { downstream }) => String(downstream.remote.port),
  "request.id": ({ headerList }) => headerList.first("x-request-id") ?? "",
  "request.host": (_, { routingHost }) => routingHost,
  "request.method": ({ method }) => method,
  "request.path": ({ path }) => path,
  "tls.version": (_, { downstream }) => downstream.tls?.version ?? "",
  "tls.cipher": (_, { downstream }) => downstream.tls?.cipher ?? "",
  "tls.sni": (_, { downstream }) => downstream.tls?.serverName ?? "",
  "router.name": (_, { router }) => router,
  "entryPoint.name": (_, { downstream }) => downstream.entryPoint,
};

/** A field whose value depends on the request. */
interface VariableEdit {
  readonly edit: FieldEdit;
  readonly parts: readonly (string | Variable)[];
}

export interface SplitValues {
  /** Those without variables. */
  readonly fixed: Readonly<Record<string, string>>;
  readonly variable: readonly VariableEdit[];
}

/** Tells values with variables from those without. Braces around anything else stay. Throws on `Host` with one. */
export function splitValues(values: Readonly<Record<string, string>>): SplitValues {
  const fixed: Record<string, string> = {};
  const variable: VariableEdit[] = [];
  for (const [name, value] of Object.entries(values)) {
    const parts = partsOf(value);
    if (parts.every((part) => typeof part === "string")) {
      fixed[name] = value;
      continue;
    }
    // Checks the text around the variables too.
    const edit = fieldEdit(name, value);
    if (edit.lowerName === "host") throw new Error("headers: Host takes no variables");
    variable.push({ edit, parts });
  }
  return { fixed, variable };
}

function partsOf(value: string): (string | Variable)[] {
  return value.split(/(\{[A-Za-z.]+\})/).map((part) => {
    const name = part.slice(1, -1);
    return part.startsWith("{") && Object.hasOwn(VARIABLES, name)
      ? VARIABLES[name]
      : latin1(new TextEncoder().encode(part));
  });
}

/** What no field's value may have (RFC 9110 section 5.5): clients choose some of what variables hold. */
const FORBIDDEN = /[^\x20-\x7e\x80-\xff]/g;

/** Sets the fields; one whose value comes out empty is deleted. */
export function applyVariables(
  list: HeaderList,
  edits: readonly VariableEdit[],
  request: LazyRequest,
  exchange: Exchange,
): void {
  for (const { edit, parts } of edits) {
    let value = "";
    for (const part of parts) value += typeof part === "string" ? part : part(request, exchange);
    value = value.replace(FORBIDDEN, "").trim();
    applyEdits(list, [{ ...edit, value: value === "" ? null : value }]);
  }
}
