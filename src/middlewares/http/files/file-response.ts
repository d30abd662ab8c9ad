import { latin1Bytes } from "../../../core/bytes.ts";
import { type FilePart, fileBody } from "../../../http/bodies/file-body.ts";
import { Body } from "../../../http/body.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import type { ServedFile } from "../../../net/host/served-files.ts";
import { FieldId } from "../../../wire/field-names.ts";
import { HeaderList } from "../../../wire/header-list.ts";
import { plainAnswer } from "../plain-answer.ts";
import { byteRanges } from "./byte-ranges.ts";
import type { Opened } from "./file-tree.ts";
import { precondition, rangeCounts, type Validators } from "./preconditions.ts";

/** A file that says it was changed then was packed by a tool that says so of all: it tells no state. Milliseconds. */
const NO_TIME = 1000;

const preconditionFailed = plainAnswer(412);

/** What a response says besides what the file does. */
export interface FileFields {
  readonly contentType: string;
  readonly cacheControl: string;
  /** "" for none. */
  readonly vary: string;
}

/**
 * The response to a GET or HEAD for that file: whole, in part (RFC 9110 section 14), or none where the request's
 * preconditions say so (section 13). The file is closed behind it, or by the response's body. Throws where it
 * can't be read.
 */
export function fileResponse(
  { file, coding }: Opened,
  { contentType, cacheControl, vary }: FileFields,
  method: string,
  request: HeaderList,
): Response {
  const validators = validatorsOf(file, coding ?? "");
  const fields = new HeaderList();
  if (cacheControl !== "") fields.appendId(FieldId.cacheControl, cacheControl);
  if (vary !== "") fields.appendId(FieldId.vary, vary);
  if (validators !== null) {
    fields.append("ETag", validators.etag);
    fields.append("Last-Modified", new Date(validators.modified * 1000).toUTCString());
    const verdict = precondition(request, validators);
    if (verdict !== 200) {
      file.close();
      return verdict === 412 ? preconditionFailed() : new LazyResponse(304, fields, null);
    }
  }
  if (coding !== null) fields.appendId(FieldId.contentEncoding, coding);
  fields.append("Accept-Ranges", "bytes");
  const { size } = file;
  if (method === "HEAD") {
    file.close();
    fields.appendId(FieldId.contentType, contentType);
    fields.appendId(FieldId.contentLength, String(size));
    return new LazyResponse(200, fields, null);
  }
  const range = request.get("range");
  const ranges =
    range !== null &&
    (validators === null ? !request.has("if-range") : rangeCounts(request, validators))
      ? byteRanges(range, size)
      : null;
  if (ranges === null) return sent(200, fields, contentType, file, wholeOf(size));
  if (ranges.length === 0) {
    file.close();
    fields.append("Content-Range", `bytes */${size}`);
    return new LazyResponse(416, fields, Body.of(NOT_SATISFIABLE));
  }
  if (ranges.length === 1) {
    fields.append("Content-Range", contentRange(ranges[0], size));
    return sent(206, fields, contentType, file, ranges);
  }
  const boundary = crypto.randomUUID();
  const type = `multipart/byteranges; boundary=${boundary}`;
  return sent(206, fields, type, file, multipart(ranges, boundary, contentType, size));
}

const NOT_SATISFIABLE = latin1Bytes("Requested Range Not Satisfiable");

/** Null where the file's time says nothing. */
function validatorsOf({ size, modified }: ServedFile, coding: string): Validators | null {
  if (modified <= NO_TIME) return null;
  const state = `${Math.floor(modified * 1000).toString(36)}-${size.toString(36)}`;
  return {
    etag: coding === "" ? `"${state}"` : `"${state}-${coding}"`,
    // Never later than the response itself (RFC 9110 section 8.8.2.1).
    modified: Math.floor(Math.min(modified, Date.now()) / 1000),
  };
}

function wholeOf(size: number): readonly FilePart[] {
  return size === 0 ? [] : [{ start: 0, end: size }];
}

function sent(
  status: number,
  fields: HeaderList,
  contentType: string,
  file: ServedFile,
  parts: readonly (FilePart | Uint8Array)[],
): Response {
  const body = fileBody(file, parts);
  fields.appendId(FieldId.contentType, contentType);
  fields.appendId(FieldId.contentLength, String(body.length));
  return new LazyResponse(status, fields, body);
}

function contentRange({ start, end }: FilePart, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`;
}

/** RFC 9110 section 14.6. */
function multipart(
  ranges: readonly FilePart[],
  boundary: string,
  contentType: string,
  size: number,
): (FilePart | Uint8Array)[] {
  const parts: (FilePart | Uint8Array)[] = [];
  let before = `--${boundary}`;
  for (const range of ranges) {
    const head = `${before}\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`;
    parts.push(latin1Bytes(head), range);
    before = `\r\n--${boundary}`;
  }
  parts.push(latin1Bytes(`${before}--\r\n`));
  return parts;
}
