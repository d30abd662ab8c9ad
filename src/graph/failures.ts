import type { ElementValue } from "../core/element-kind.ts";
import type { DisabledElement, Elements } from "../snapshot/snapshot.ts";
import type { ElementBuilder, Running } from "./element-builder.ts";
import type { HttpRouter } from "./http/http-routers.ts";

/** The names of one kind's elements: those of the snapshot, and those that it left out for their errors. */
export function configuredNames(
  kind: DisabledElement["kind"],
  elements: Elements<unknown>,
  disabled: readonly DisabledElement[],
): string[] {
  const left = disabled.filter((one) => one.kind === kind).map(({ name }) => name);
  return [...new Set([...Object.keys(elements), ...left])];
}

/**
 * What is wrong with elements of one kind, each once: what the snapshot left out, marked where it
 * goes on as it last worked, and what couldn't be built. `written`: the name that a snapshot's element
 * is configured by, where that is another one.
 */
export function failuresOf<T extends ElementValue>(
  kind: DisabledElement["kind"],
  builder: ElementBuilder<T>,
  disabled: readonly DisabledElement[],
  written: ReadonlyMap<string, string> = new Map(),
): DisabledElement[] {
  const failures = [...builder.failures.values()];
  const going = new Set(
    failures.filter(({ goesOn }) => goesOn).map(({ name }) => written.get(name) ?? name),
  );
  const found = disabled
    .filter((one) => one.kind === kind)
    .map((one) => (going.has(one.name) ? { ...one, goesOn: true } : one));
  const said = new Map(found.map((one, place) => [one.name, place]));
  for (const { name, errors, goesOn } of failures) {
    const element = written.get(name) ?? name;
    const failure = goesOn ? { kind, name, errors, goesOn } : { kind, name, errors };
    const place = said.get(element);
    if (place === undefined) said.set(element, found.push(failure) - 1);
    else if (found[place].partly === true)
      found[place] = { ...failure, errors: [...found[place].errors, ...errors] };
  }
  return found;
}

/**
 * The routers of before whose configuration was left out for its errors, with the names that they are
 * configured by.
 */
export function leftOutRouters(
  previous: ReadonlyMap<string, Running<HttpRouter>>,
  present: Elements<unknown>,
  disabled: readonly DisabledElement[],
): Map<string, string> {
  const names = new Set(disabled.filter(({ kind }) => kind === "router").map(({ name }) => name));
  const found = new Map<string, string>();
  if (names.size === 0) return found;
  for (const [name, { value }] of previous) {
    if (Object.hasOwn(present, name)) continue;
    // The entrypoints' models make routers of their own of one that is on several.
    const written = value.router.entryPoints.map((entryPoint) =>
      name.startsWith(`${entryPoint}-`) ? name.slice(entryPoint.length + 1) : name,
    );
    const configured = [name, ...written].find((each) => names.has(each));
    if (configured !== undefined) found.set(name, configured);
  }
  return found;
}
