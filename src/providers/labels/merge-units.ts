import { type DynamicConfiguration, ELEMENTS } from "../../config/dynamic/schema.ts";
import { sameData } from "../../core/same-data.ts";

/** One unit's share of a provider's configuration. */
export interface UnitPart {
  /** Unique; units are put together in the order of these names. */
  readonly name: string;
  readonly configuration: DynamicConfiguration;
}

type Element = Record<string, unknown>;
type Planes = Record<string, Record<string, Record<string, Element>> | undefined>;

/** The title of an element in a message, by plane and section. */
const TITLES: Readonly<Record<string, string>> = {
  http: "HTTP",
  tcp: "TCP",
  udp: "UDP",
  tls: "TLS",
};

/**
 * Puts the configurations of many units together. A service that several define has the servers of
 * all of them, if everything else of it is the same; any other element must be the same in all. One
 * that isn't is no unit's: it is left out, and `conflicts` says where it was found.
 * Source: Traefik's pkg/provider/configuration.go (Merge).
 */
export function mergeUnits(parts: readonly UnitPart[]): {
  readonly configuration: DynamicConfiguration;
  readonly conflicts: readonly string[];
} {
  const sorted = parts.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const merged: Planes = { http: { routers: {}, services: {}, middlewares: {} } };
  const conflicts: string[] = [];
  for (const [plane, sections] of Object.entries(ELEMENTS)) {
    for (const section of Object.keys(sections)) {
      const elements = mergeSection(sorted, plane, section, conflicts);
      if (Object.keys(elements).length > 0) (merged[plane] ??= {})[section] = elements;
    }
  }
  return { configuration: merged as DynamicConfiguration, conflicts };
}

function mergeSection(
  parts: readonly UnitPart[],
  plane: string,
  section: string,
  conflicts: string[],
): Record<string, Element> {
  const elements = new Map<string, Element>();
  const owners = new Map<string, string[]>();
  const broken = new Set<string>();
  for (const { name: unit, configuration } of parts) {
    const own = (configuration as Planes)[plane]?.[section] ?? {};
    for (const [name, element] of Object.entries(own)) {
      const before = elements.get(name);
      const users = owners.get(name);
      if (users === undefined) owners.set(name, [unit]);
      else users.push(unit);
      if (before === undefined) elements.set(name, element);
      else if (section === "services") {
        const both = withServersOf(before, element);
        if (both === undefined) broken.add(name);
        else elements.set(name, both);
      } else if (!sameData(before, element)) broken.add(name);
    }
  }
  for (const name of broken) {
    elements.delete(name);
    conflicts.push(
      `${TITLES[plane]} ${section.replace(/s$/, "")} "${name}" defined multiple times with different configurations in ${owners.get(name)!.join(", ")}`,
    );
  }
  return Object.fromEntries(elements);
}

/** A service with the servers of another one too; undefined where they differ in anything else. */
function withServersOf(service: Element, other: Element): Element | undefined {
  const own = service["loadBalancer"] as { servers?: readonly unknown[] } | undefined;
  const theirs = other["loadBalancer"] as { servers?: readonly unknown[] } | undefined;
  if (own === undefined || theirs === undefined) return undefined;
  const without = (from: Element, balancer: object) => ({
    ...from,
    loadBalancer: { ...balancer, servers: [] },
  });
  if (!sameData(without(service, own), without(other, theirs))) return undefined;
  const servers = [...(own.servers ?? [])];
  for (const server of theirs.servers ?? [])
    if (!servers.some((known) => placeOf(known) === placeOf(server))) servers.push(server);
  return { ...service, loadBalancer: { ...own, servers } };
}

function placeOf(server: unknown): unknown {
  const { url, address } = server as { url?: string; address?: string };
  return url ?? address;
}
