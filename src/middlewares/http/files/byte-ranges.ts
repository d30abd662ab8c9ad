import type { FilePart } from "../../../http/bodies/file-body.ts";

/** More ranges than these are a burden and no use. */
const MOST = 16;

/**
 * The parts of so many bytes that a Range field asks for (RFC 9110 section 14). Null where it is to be
 * ignored: another unit, no ranges, too many of them, or some that overlap. Empty where none can be had (416).
 */
export function byteRanges(field: string, size: number): readonly FilePart[] | null {
  const set = /^bytes=(.*)$/i.exec(field)?.[1];
  if (set === undefined) return null;
  const members = set.split(",");
  if (members.length > MOST) return null;
  const parts: FilePart[] = [];
  for (const member of members) {
    const spec = /^[ \t]*(\d*)-(\d*)[ \t]*$/.exec(member);
    if (spec === null) return null;
    const [, first, last] = spec;
    if (first === "" && last === "") return null;
    if (first === "") {
      const count = Math.min(Number(last), size);
      if (count > 0) parts.push({ start: size - count, end: size });
      continue;
    }
    if (last !== "" && Number(last) < Number(first)) return null;
    if (Number(first) >= size) continue;
    const end = last === "" ? size : Math.min(Number(last) + 1, size);
    parts.push({ start: Number(first), end });
  }
  const sorted = [...parts].sort((one, other) => one.start - other.start);
  for (let i = 1; i < sorted.length; i++) if (sorted[i].start < sorted[i - 1].end) return null;
  return parts;
}
