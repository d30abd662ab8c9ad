import type { Fields } from "../fields.ts";

/** What a header block holds. The receiver may keep and change all of it. */
export class DecodedBlock {
  /** Where `fields` point into; of exactly the size that they need. */
  bytes: Uint8Array = NOTHING;
  /**
   * All fields in order, pseudo-header fields too, with ids of pseudo.ts. These have no name in
   * `bytes` where it is known, as the id says it; but `:authority` has the name `host`, under which
   * it stands in an Http2Head.
   */
  fields: Fields = [];
  /** Texts of the pseudo-header fields, null for those that aren't there. */
  method: string | null = null;
  scheme: string | null = null;
  authority: string | null = null;
  path: string | null = null;
  status: string | null = null;
  /** RFC 8441's. */
  protocol: string | null = null;
  /** The list is over the limits: what is here is its beginning, and nothing has looked for faults in the rest. */
  overLimit = false;
  /** Bytes of the whole list, also of what is above the limits, 32 more for each field. */
  listBytes = 0;
  /**
   * Bytes by which the list is larger than the whole table and a multiple of the block: as much of it
   * is the same again. Negative where it isn't.
   */
  expansion = 0;
  /**
   * What makes the message malformed whatever its role, null for nothing: a name that isn't a lower-case
   * token, a value with a control character or with whitespace around it (RFC 9113 section 8.2.1), a
   * pseudo-header field that is unknown, twice there, or behind a regular field (section 8.3).
   */
  fault: string | null = null;
}

const NOTHING = new Uint8Array(0);
