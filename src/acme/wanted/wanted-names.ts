import { identifierOf } from "../x509/identifier.ts";

/** Names that one certificate is wanted for: `tls.domains` has them, or a rule. */
export interface WantedDomain {
  readonly main: string;
  readonly sans: readonly string[];
}

/** A name has at most 253 characters (RFC 1035 section 2.3.4), a label 63. */
const NAME =
  /^(?=.{1,253}$)(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * The names of a certificate as they are ordered: in lower case, without a final dot, each once, the
 * first one first. Throws an Error where an authority can't have one. Source: Traefik's
 * sanitizeDomains.
 */
export function orderedNames(
  { main, sans }: WantedDomain,
  hasDnsChallenge: boolean,
): readonly string[] {
  const names = [main, ...sans].map((name) => name.trim().toLowerCase().replace(/\.$/, ""));
  const found = [...new Set(names)].filter((name) => name !== "");
  for (const name of found) {
    if (name.startsWith("*.*"))
      throw new Error(`"${name}": authorities know no wildcards below a wildcard`);
    if (name.startsWith("*") && !hasDnsChallenge)
      throw new Error(`"${name}": a wildcard needs a dnsChallenge`);
    if (!NAME.test(name) && identifierOf(name).type === "dns")
      throw new Error(`expected a name in ASCII such as example.com, found "${name}"`);
  }
  return found;
}

/** Whether a certificate for `covering` serves `name`: it is the name, or a wildcard for its first label. */
export function covers(covering: string, name: string): boolean {
  if (covering === name) return true;
  const dot = name.indexOf(".");
  return dot > 0 && covering === `*${name.slice(dot)}`;
}

/** Names that there are certificates for. */
export class NameSet {
  private readonly names: ReadonlySet<string>;

  constructor(names: Iterable<string>) {
    this.names = new Set(names);
  }

  /** Whether one of them is `name`, or a wildcard for its first label. */
  covers(name: string): boolean {
    if (this.names.has(name)) return true;
    const dot = name.indexOf(".");
    return dot > 0 && this.names.has(`*${name.slice(dot)}`);
  }
}

/**
 * Lists without what others of them cover: the same names again, and names that another entry's first
 * name, a wildcard, stands for. `said` hears what is left out. Source: Traefik's
 * deleteUnnecessaryDomains.
 */
export function withoutRepetitions(
  lists: readonly (readonly string[])[],
  said: (message: string) => void,
): readonly (readonly string[])[] {
  const kept: (readonly string[])[] = [];
  const seen = new Set<string>();
  for (const [i, names] of lists.entries()) {
    const key = keyOf(names);
    if (seen.has(key)) {
      said(`domains ${names.join(",")} are listed twice`);
      continue;
    }
    seen.add(key);
    const left = names.filter((name) => {
      const other = lists.find(
        (list, j) => j !== i && isWildcard(list[0]) && list[0] !== name && covers(list[0], name),
      );
      if (other !== undefined) said(`the domain ${name} is covered by ${other[0]}`);
      return other === undefined;
    });
    if (left.length > 0) kept.push(left);
  }
  return kept;
}

/** The same for the same names, in whatever order. */
export function keyOf(names: readonly string[]): string {
  return [...names].sort().join(",");
}

function isWildcard(name: string | undefined): boolean {
  return name?.startsWith("*.") === true;
}
