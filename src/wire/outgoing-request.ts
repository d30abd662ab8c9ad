import { FieldId } from "./field-names.ts";
import type { HeaderList } from "./header-list.ts";

/**
 * A request as the head writers of all versions need it. Its head is written afresh from these parts,
 * never from the bytes of the head that was received.
 */
export interface OutgoingRequest {
  readonly method: string;
  /** Origin form, or "*". */
  readonly path: string;
  /** What the Host field says, or `:authority`. */
  readonly authority: string;
  /** The fields; those in `NOT_TO_UPSTREAM` are left out. */
  readonly headerList: HeaderList;
  /** The value of X-Forwarded-For, "" for none. */
  readonly forwardedFor: string;
  /** The protocol that the client wants to switch to, "" for none; HTTP/1.1 only. */
  readonly upgrade: string;
  /** Bytes, or a `BodyLength`. */
  readonly bodyLength: number;
  /** The body is sent once the server has said 100 (Continue). */
  readonly expectsContinue: boolean;
}

/** `TE` contains "trailers": the one member that means the same on the next hop. */
export function wantsTrailers(headerList: HeaderList): boolean {
  return (
    headerList.findId(FieldId.te) >= 0 &&
    headerList
      .get("te")!
      .split(",")
      .some((member) => member.trim().toLowerCase() === "trailers")
  );
}

/** Methods whose missing body is worth a `Content-Length: 0` (RFC 9110 section 8.6). */
export function anticipatesBody(method: string): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}
