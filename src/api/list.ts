import type { ApiElement } from "./elements.ts";

/** A request that Traefik's API answers with 400. */
export class BadRequest extends Error {}

const DEFAULT_PER_PAGE = 100;

export interface Page {
  readonly elements: readonly ApiElement[];
  /** For X-Next-Page: 1 where there is none. */
  readonly next: number;
}

/**
 * The part of a list that a query asks for: `search`, `status`, `serviceName`, `middlewareName`,
 * `sortBy`, `direction`, `page`, `per_page`. Throws BadRequest where the page is none.
 * Source: Traefik's pkg/api/criterion.go and sort.go.
 */
export function pageOf(elements: readonly ApiElement[], query: URLSearchParams): Page {
  const found = elements.filter((element) => matches(element, query));
  const order = comparison(query.get("sortBy") ?? "name");
  const direction = query.get("direction") === "desc" ? -1 : 1;
  found.sort((a, b) => direction * order(a, b) || compare(a.name, b.name));
  const page = numberOf(query, "page", 1);
  const perPage = numberOf(query, "per_page", DEFAULT_PER_PAGE);
  const start = (page - 1) * perPage;
  if (start >= found.length && !(page === 1 && found.length === 0))
    throw new BadRequest(`invalid request: page: ${page}, per_page: ${perPage}`);
  const end = start + perPage;
  return { elements: found.slice(start, end), next: end < found.length ? page + 1 : 1 };
}

function numberOf(query: URLSearchParams, name: string, preset: number): number {
  const text = query.get(name) ?? "";
  if (text === "") return preset;
  const value = /^[-+]?\d{1,15}$/.test(text) ? Number(text) : 0;
  if (value <= 0) throw new BadRequest(`invalid request: ${name}: ${value}`);
  return value;
}

function matches(element: ApiElement, query: URLSearchParams): boolean {
  const search = query.get("search")?.toLowerCase() ?? "";
  const { name, provider, rule, service, middlewares } = element;
  if (
    search !== "" &&
    !name.toLowerCase().includes(search) &&
    !String(rule ?? "")
      .toLowerCase()
      .includes(search)
  )
    return false;
  const status = query.get("status") ?? "";
  if (status !== "" && element.status.toLowerCase() !== status.toLowerCase()) return false;
  const serviceName = query.get("serviceName") ?? "";
  if (serviceName !== "" && service !== serviceName && `${service}@${provider}` !== serviceName)
    return false;
  const middlewareName = query.get("middlewareName") ?? "";
  return (
    middlewareName === "" || (Array.isArray(middlewares) && middlewares.includes(middlewareName))
  );
}

/** By a member; by name where a list isn't sorted by it. */
function comparison(sortBy: string): (a: ApiElement, b: ApiElement) => number {
  switch (sortBy) {
    case "provider":
    case "status":
    case "rule":
    case "service":
    case "type":
      return (a, b) => compare(String(a[sortBy] ?? ""), String(b[sortBy] ?? ""));
    case "priority":
      return (a, b) =>
        compare(BigInt(String(a["priorityStr"] ?? 0)), BigInt(String(b["priorityStr"] ?? 0)));
    case "entryPoints":
      return (a, b) => countOf(a["entryPoints"]) - countOf(b["entryPoints"]);
    case "servers":
      return (a, b) => serverCount(a) - serverCount(b);
    default:
      return (a, b) => compare(a.name, b.name);
  }
}

function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function countOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function serverCount(element: ApiElement): number {
  const balancer = element["loadBalancer"] as { readonly servers?: unknown } | undefined;
  return countOf(balancer?.servers);
}
