import { sha256 } from "../../../core/digests/sha256.ts";
import { keyOf } from "../../wanted/wanted-names.ts";
import { type AcmeJson, sectionOf, withSection } from "../acme-json.ts";
import { namesOf, type OrderFailure, type StoredSection } from "../stored.ts";

/** What the instance that orders tells of a resolver besides: see `FailureNotes`. */
export interface Notes {
  readonly failures: readonly OrderFailure[];
  readonly demands: readonly number[];
}

const SECTION = "one";
const encoder = new TextEncoder();

/** Of a resolver's keys, below the root of the storage. */
export function placeOf(resolver: string): string {
  return `${encodeURIComponent(resolver)}/`;
}

/**
 * A section as pairs, by keys below `placeOf`: "account", and "certificates/..." for each certificate. The values are
 * what acme.json has in its place, as JSON.
 */
export function pairsOf(section: StoredSection): Map<string, string> {
  const { account, certificates } = section;
  const pairs = new Map<string, string>();
  if (account !== undefined) {
    const raw = withSection(new Map(), SECTION, { account, certificates: [] }).get(SECTION)!;
    pairs.set("account", JSON.stringify(raw["Account"]));
  }
  for (const certificate of certificates) {
    const only = { account: undefined, certificates: [certificate] };
    const raw = withSection(new Map(), SECTION, only).get(SECTION)!;
    const [value] = raw["Certificates"] as readonly unknown[];
    const digest = sha256(encoder.encode(keyOf(namesOf(certificate)))).toHex();
    pairs.set(`certificates/${digest.slice(0, 32)}`, JSON.stringify(value));
  }
  return pairs;
}

/** The section that such pairs are; `broken` hears of values that can't be read, which are left out. */
export function sectionFrom(
  pairs: Iterable<readonly [key: string, value: string]>,
  broken: (key: string, error: unknown) => void,
): StoredSection {
  let account: StoredSection["account"];
  const all: StoredSection["certificates"][number][] = [];
  const read = (content: AcmeJson) => sectionOf(content, SECTION);
  for (const [key, value] of pairs) {
    try {
      if (key === "account") {
        account = read(new Map([[SECTION, { Account: JSON.parse(value) }]])).account;
      } else if (key.startsWith("certificates/")) {
        const raw = { Certificates: [JSON.parse(value)] };
        all.push(...read(new Map([[SECTION, raw]])).certificates);
      }
    } catch (error) {
      broken(key, error);
    }
  }
  return { account, certificates: all };
}

/** Nothing where the value can't be read. */
export function notesFrom(value: string | undefined): Notes {
  try {
    const { failures, demands } = JSON.parse(value ?? "") as Partial<Notes>;
    return {
      failures: Array.isArray(failures) ? failures.filter((one) => Array.isArray(one?.names)) : [],
      demands: Array.isArray(demands) ? demands.filter((at) => typeof at === "number") : [],
    };
  } catch {
    return { failures: [], demands: [] };
  }
}
