import { ELEMENTS } from "../../config/dynamic/schema.ts";
import { type ValidatedDynamic, validateDynamic } from "../../config/dynamic/validate.ts";
import { ConfigError, type ConfigIssue } from "../../config/sources/document.ts";
import {
  parseTemplatedFile,
  type TemplatedFile,
} from "../../config/sources/parse-templated-file.ts";
import { type PiecePath, type Pieces, pack, Unpacker } from "../../core/pieces.ts";

/** A dynamic configuration's file as it was read. */
export type DynamicFile = TemplatedFile;

/** Parses and validates a file. Throws ConfigError where it can't be parsed. */
export function readDynamicFile(file: DynamicFile): ValidatedDynamic {
  return validateDynamic(parseTemplatedFile(file));
}

/** What `readDynamicFile` found, or why it can't be parsed. */
type Packed = ValidatedDynamic | { readonly failed: readonly ConfigIssue[] };

const LARGE: readonly PiecePath[] = [
  ...Object.entries(ELEMENTS).flatMap(([plane, sections]) =>
    Object.keys(sections).map((section) => ["configuration", plane, section]),
  ),
  ["configuration", "tls", "certificates"],
  ["issues"],
  ["disabled"],
  ["notices"],
];

/** The task of a worker: `readDynamicFile`, packed. */
export function packDynamicFile(file: DynamicFile): Pieces {
  let read: Packed;
  try {
    read = readDynamicFile(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    read = { failed: error.issues };
  }
  // JSON has no bigint, and a router's priority is the only one.
  return pack(read, LARGE, (key, value) =>
    key === "priority" && typeof value === "bigint" ? String(value) : value,
  );
}

/** The other end of `packDynamicFile`, for one file again and again. */
export class DynamicFileUnpacker {
  private readonly unpacker = new Unpacker((path, element) =>
    path[path.length - 1] === "routers" ? withPriority(element) : element,
  );

  /** Throws ConfigError where the file couldn't be parsed. */
  async unpack(pieces: Pieces): Promise<ValidatedDynamic> {
    const read = await this.unpacker.unpack<Packed>(pieces);
    if ("failed" in read) throw new ConfigError(read.failed);
    return read;
  }
}

function withPriority(router: unknown): unknown {
  const { priority } = router as { priority?: string };
  return priority === undefined ? router : { ...(router as object), priority: BigInt(priority) };
}
