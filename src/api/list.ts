/** A request that Traefik's API answers with 400. */
export class BadRequest extends Error {}

const DEFAULT_PER_PAGE = 100;

/** What lists are made of. */
export interface Listed {
  readonly name: string;
  readonly status?: string;
}

/** How a list of a kind is searched and sorted. */
export interface ListRules<T> {
  /** The texts that `search` looks through. */
  readonly texts: (element: T) => readonly string[];
  /** Whether it is what the query asks for besides `search` and `status`. */
  readonly matches?: (element: T, query: URLSearchParams) => boolean;
  /** By the values of `sortBy`; any other is "name". */
  readonly orders: Readonly<Record<string, (a: T, b: T) => number>>;
  /** What elements are sorted by in the end; `name` where it isn't given. */
  readonly nameOf?: (element: T) => string;
}

export interface Page<T> {
  readonly elements: readonly T[];
  /** For X-Next-Page: 1 where there is none. */
  readonly next: number;
  /** How many the query found, on all pages. */
  readonly total: number;
}

/**
 * The part of a list that a query asks for: `search`, `status`, `sortBy`, `direction`, `page`,
 * `per_page`, and what the list's rules have besides. Throws BadRequest where the page is none.
 * Source: Traefik's pkg/api/criterion.go and sort.go.
 */
export function pageOf<T extends Listed>(
  elements: readonly T[],
  query: URLSearchParams,
  { texts, matches, orders, nameOf = ({ name }) => name }: ListRules<T>,
): Page<T> {
  const search = query.get("search")?.toLowerCase() ?? "";
  const status = query.get("status")?.toLowerCase() ?? "";
  const found = elements.filter(
    (element) =>
      (search === "" || texts(element).some((text) => text.toLowerCase().includes(search))) &&
      (status === "" || element.status?.toLowerCase() === status) &&
      (matches === undefined || matches(element, query)),
  );
  const sortBy = query.get("sortBy") ?? "name";
  const order = Object.hasOwn(orders, sortBy) ? orders[sortBy] : () => 0;
  const direction = query.get("direction") === "desc" ? -1 : 1;
  const byName = (a: T, b: T) => compare(nameOf(a), nameOf(b));
  if (sortBy !== "name" && Object.hasOwn(orders, sortBy))
    found.sort((a, b) => direction * order(a, b) || byName(a, b));
  else found.sort((a, b) => direction * byName(a, b));
  const page = numberOf(query, "page", 1);
  const perPage = numberOf(query, "per_page", DEFAULT_PER_PAGE);
  const start = (page - 1) * perPage;
  if (start >= found.length && !(page === 1 && found.length === 0))
    throw new BadRequest(`invalid request: page: ${page}, per_page: ${perPage}`);
  const end = start + perPage;
  const next = end < found.length ? page + 1 : 1;
  return { elements: found.slice(start, end), next, total: found.length };
}

function numberOf(query: URLSearchParams, name: string, preset: number): number {
  const text = query.get(name) ?? "";
  if (text === "") return preset;
  const value = /^[-+]?\d{1,15}$/.test(text) ? Number(text) : 0;
  if (value <= 0) throw new BadRequest(`invalid request: ${name}: ${value}`);
  return value;
}

export function compare<T extends string | bigint | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
