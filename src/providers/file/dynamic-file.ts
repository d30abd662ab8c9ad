import type { DisabledDynamicElement, DynamicConfiguration } from "../../config/dynamic/schema.ts";
import { type ValidatedDynamic, validateDynamic } from "../../config/dynamic/validate.ts";
import { ConfigError, type ConfigIssue, type ConfigNotice } from "../../config/sources/document.ts";
import {
  parseTemplatedFile,
  type TemplatedFile,
} from "../../config/sources/parse-templated-file.ts";
import { Breather } from "../../core/loop/breather.ts";

/** A dynamic configuration's file as it was read. */
export type DynamicFile = TemplatedFile;

/** Parses and validates a file. Throws ConfigError where it can't be parsed. */
export function readDynamicFile(file: DynamicFile): ValidatedDynamic {
  return validateDynamic(parseTemplatedFile(file));
}

/**
 * What `readDynamicFile` found, in pieces of JSON that another thread unpacks one by one: a
 * structured clone of ten thousand routers would stop it for 50 ms.
 */
export type PackedDynamic = readonly string[];

type Planes = Record<string, Record<string, Record<string, unknown>>>;

type Piece =
  | {
      readonly plane: string;
      readonly section: string;
      readonly elements: readonly [string, unknown][];
    }
  | { readonly certificates: readonly unknown[] }
  | { readonly issues: readonly ConfigIssue[] }
  | { readonly disabled: readonly DisabledDynamicElement[] }
  | { readonly notices: readonly ConfigNotice[] }
  /** The file can't be parsed. */
  | { readonly failed: readonly ConfigIssue[] };

/** Elements in one piece: about a millisecond's work. */
const PIECE = 200;

/** The task of a worker: `readDynamicFile`, packed. */
export function packDynamicFile(file: DynamicFile): PackedDynamic {
  let read: ValidatedDynamic;
  try {
    read = readDynamicFile(file);
  } catch (error) {
    if (error instanceof ConfigError) return [pack({ failed: error.issues })];
    throw error;
  }
  const packed: string[] = [];
  const { certificates, ...tls } = read.configuration.tls ?? {};
  const planes = { ...read.configuration, tls } as Planes;
  for (const [plane, sections] of Object.entries(planes)) {
    for (const [section, all] of Object.entries(sections)) {
      // It is there even where all that was in it is disabled.
      packed.push(pack({ plane, section, elements: [] }));
      for (const elements of slices(Object.entries(all)))
        packed.push(pack({ plane, section, elements }));
    }
  }
  for (const some of slices(certificates ?? [])) packed.push(pack({ certificates: some }));
  for (const issues of slices(read.issues)) packed.push(pack({ issues }));
  for (const disabled of slices(read.disabled)) packed.push(pack({ disabled }));
  for (const notices of slices(read.notices)) packed.push(pack({ notices }));
  return packed;
}

/** The other end of `packDynamicFile`. Throws ConfigError where the file couldn't be parsed. */
export async function unpackDynamicFile(packed: PackedDynamic): Promise<ValidatedDynamic> {
  const breather = new Breather(5);
  const planes: Planes = { http: {} };
  const certificates: unknown[] = [];
  const issues: ConfigIssue[] = [];
  const disabled: DisabledDynamicElement[] = [];
  const notices: ConfigNotice[] = [];
  for (const text of packed) {
    await breather.breathe();
    const piece = JSON.parse(text) as Piece;
    if ("failed" in piece) throw new ConfigError(piece.failed);
    if ("issues" in piece) issues.push(...piece.issues);
    else if ("disabled" in piece) disabled.push(...piece.disabled);
    else if ("notices" in piece) notices.push(...piece.notices);
    else if ("certificates" in piece) certificates.push(...piece.certificates);
    else {
      planes[piece.plane] ??= {};
      planes[piece.plane][piece.section] ??= {};
      const section = planes[piece.plane][piece.section];
      for (const [name, element] of piece.elements)
        section[name] = piece.section === "routers" ? withPriority(element) : element;
    }
  }
  // What comes next goes through all of it in one go.
  await breather.turn();
  const configuration = (
    certificates.length === 0 ? planes : { ...planes, tls: { ...planes["tls"], certificates } }
  ) as DynamicConfiguration;
  return { configuration, issues, disabled, notices };
}

/** JSON has no bigint, and a router's priority is the only one. */
function pack(piece: Piece): string {
  return JSON.stringify(piece, (key, value) =>
    key === "priority" && typeof value === "bigint" ? String(value) : value,
  );
}

function withPriority(router: unknown): unknown {
  const { priority } = router as { priority?: string };
  return priority === undefined ? router : { ...(router as object), priority: BigInt(priority) };
}

function* slices<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < list.length; start += PIECE) yield list.slice(start, start + PIECE);
}
