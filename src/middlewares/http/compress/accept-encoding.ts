import type { Coding } from "../../../core/codecs.ts";

/**
 * The coding for a client that sends this Accept-Encoding: of those that it takes the one that it likes
 * best, and of equals the first of `codings`. `preferred`, the configured default, goes first where the
 * client takes anything. Null where the body should stay as it is (RFC 9110 section 12.5.3).
 */
export function acceptedCoding(
  field: string,
  codings: readonly Coding[],
  preferred: Coding | undefined,
): Coding | null {
  let any = 0;
  let identity = -1;
  const weights = new Map<string, number>();
  for (const member of field.split(",")) {
    const [token, ...parameters] = member.split(";");
    const name = token.trim().toLowerCase();
    if (name === "") continue;
    const weight = weightOf(parameters);
    if (name === "*") any = weight;
    else if (name === "identity") identity = weight;
    else weights.set(name, weight);
  }
  let best: Coding | null = null;
  let bestWeight = 0;
  const inOrder =
    any > 0 && preferred !== undefined && !weights.has(preferred)
      ? [preferred, ...codings]
      : codings;
  for (const coding of inOrder) {
    const weight = weights.get(coding) ?? any;
    if (weight <= bestWeight) continue;
    best = coding;
    bestWeight = weight;
  }
  return identity > bestWeight ? null : best;
}

function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [name, value = ""] = parameter.split("=");
    if (name.trim().toLowerCase() !== "q") continue;
    const weight = Number(value.trim() || "0");
    return weight >= 0 && weight <= 1 ? weight : 0;
  }
  return 1;
}
