import { declaredFraming, type Field, onlyField, readMessage } from "./http-message.ts";

/** A request as an upstream received it. */
export interface HttpRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly Field[];
  readonly body: Uint8Array;
  readonly text: string;
  readonly trailers: readonly Field[];
  /** Bytes on the wire. */
  readonly length: number;
  /** See `onlyField`. */
  header(name: string): string | undefined;
}

/** The first request in `bytes`, or undefined where more bytes are needed. Throws on anything malformed. */
export function readRequest(bytes: Uint8Array): HttpRequest | undefined {
  const message = readMessage(bytes, false, (_, fields) => declaredFraming(fields) ?? 0);
  if (message === undefined) return undefined;
  const { startLine, fields, body, trailers, length } = message;
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/1\.1$/.exec(startLine);
  if (match === null) throw new Error(`malformed request line: ${JSON.stringify(startLine)}`);
  return {
    method: match[1],
    target: match[2],
    fields,
    body,
    text: new TextDecoder().decode(body),
    trailers,
    length,
    header: (name) => onlyField(fields, name),
  };
}
