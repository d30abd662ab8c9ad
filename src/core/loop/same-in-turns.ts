import { sameData } from "../same-data.ts";
import { Breather } from "./breather.ts";

/** Children that are compared in one go; an object of more is not itself the child of such a one. */
const FEW = 100;

/** `sameData` for what may be large: gives the event loop its turns between the elements of large objects. */
export async function sameInTurns(a: unknown, b: unknown): Promise<boolean> {
  return compare(a, b, new Breather());
}

async function compare(a: unknown, b: unknown, breather: Breather): Promise<boolean> {
  if (a === b || !isRecord(a) || !isRecord(b)) return sameData(a, b);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) {
    if (!Object.hasOwn(b, key)) return false;
    const [own, other] = [a[key], b[key]];
    if (own === other) continue;
    const turn = breather.breathe();
    if (turn !== undefined) await turn;
    const same = keys.length > FEW ? sameData(own, other) : await compare(own, other, breather);
    if (!same) return false;
  }
  return true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
