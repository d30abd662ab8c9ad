import { declaredFraming, type Field, onlyField, readMessage } from "./http-message.ts";

export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly body: Uint8Array;
  readonly text: string;
  readonly trailers: readonly Field[];
  /** The 1xx responses that came before. */
  readonly interim: readonly HttpResponse[];
  /** Bytes on the wire, without those of `interim`. */
  readonly length: number;
  /** See `onlyField`. */
  header(name: string): string | undefined;
}

/**
 * The first response in `bytes`, interim or final, or undefined where more bytes are needed.
 * Throws on anything malformed. `method` is the request's: it decides whether there is a body.
 */
export function readResponse(
  bytes: Uint8Array,
  method: string,
  ended: boolean,
  interim: readonly HttpResponse[] = [],
): HttpResponse | undefined {
  const message = readMessage(bytes, ended, (startLine, fields) => {
    const { status } = statusLine(startLine);
    const framing = declaredFraming(fields);
    if (method === "HEAD" || status < 200 || status === 204 || status === 304) return 0;
    return framing ?? "close";
  });
  if (message === undefined) return undefined;
  const { fields, body, trailers, length } = message;
  return {
    ...statusLine(message.startLine),
    fields,
    body,
    text: new TextDecoder().decode(body),
    trailers,
    interim,
    length,
    header: (name) => onlyField(fields, name),
  };
}

function statusLine(line: string): { status: number; reason: string } {
  const match = /^HTTP\/1\.1 ([1-9][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
  if (match === null) throw new Error(`malformed status line: ${JSON.stringify(line)}`);
  return { status: Number(match[1]), reason: match[2] };
}
