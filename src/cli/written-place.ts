import { KINDS } from "../config/dynamic/validate.ts";
import type { LogFields } from "../core/logger.ts";
import type { Provider } from "../providers/provider.ts";

/** Where the element that a problem is about is written, at the key that it is about. */
export function writtenPlace(
  message: string,
  fields: LogFields,
  providers: readonly Provider[],
): string | undefined {
  for (const [field, value] of Object.entries(fields)) {
    const path = pathOf(field.replace(/Name$/, ""));
    if (path === undefined || typeof value !== "string") continue;
    const at = value.lastIndexOf("@");
    const provider = providers.find(({ name }) => name === value.slice(at + 1));
    for (const name of namesFrom(value.slice(0, at))) {
      const place = provider?.locate?.([...path, name, keyOf(message)]);
      if (place !== undefined) return place;
    }
  }
  return undefined;
}

/** The plane and section of a kind of element. */
function pathOf(kind: string): [string, string] | undefined {
  for (const [plane, sections] of Object.entries(KINDS)) {
    for (const [section, own] of Object.entries(sections))
      if (own === kind) return [plane, section];
  }
  return undefined;
}

/** A router may run as `<entrypoint>-<name>`. */
function namesFrom(name: string): string[] {
  const names = [name];
  for (let at = name.indexOf("-"); at >= 0; at = name.indexOf("-", at + 1))
    names.push(name.slice(at + 1));
  return names;
}

/** The router's key that a message is about; another leads to the element itself. */
function keyOf(message: string): string {
  if (/\bof the rule\b|regular expression|takes a |takes ASCII/.test(message)) return "rule";
  if (/^the (TCP |UDP )?service /.test(message)) return "service";
  if (/^(the (TCP )?)?middleware /.test(message)) return "middlewares";
  if (/^entryPoint /.test(message)) return "entryPoints";
  return "";
}
