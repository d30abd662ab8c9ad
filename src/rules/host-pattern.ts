import { shortened } from "./shortened.ts";
/**
 * What `Host()` says. "exact" has a name, "wildcard" (`*.example.com`) what stands behind the
 * request host's first label (".example.com"), "any" (`*`) is every host and none.
 */
export type HostPattern =
  | { readonly kind: "exact" | "wildcard"; readonly text: string }
  | { readonly kind: "any" };

/**
 * Reads the value of `Host()`: any case, with or without a trailing dot. Throws an Error where it
 * isn't ASCII. Source: Traefik's pkg/muxer/http/matcher.go (host) and pkg/muxer/muxer.go.
 */
export function parseHostPattern(value: string): HostPattern {
  if (value === "*") return { kind: "any" };
  if (!isAscii(value))
    throw new Error(`Host takes ASCII, found "${shortened(value)}": write the name in punycode`);
  const lower = value.toLowerCase();
  const host = lower.endsWith(".") ? lower.slice(0, -1) : lower;
  return host.startsWith("*")
    ? { kind: "wildcard", text: host.slice(1) }
    : { kind: "exact", text: host };
}

/** Where the host's first label ends: what a wildcard has to be from there on. */
export function firstLabelEnd(host: string): number {
  const dot = host.indexOf(".");
  return dot < 0 ? host.length : dot;
}

export function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text);
}
