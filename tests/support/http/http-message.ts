/**
 * A small strict reader of HTTP/1.1 messages for tests. It shares no code with Sluice, so that it
 * can't share a mistake with it; it throws on everything that is not exactly the RFC's grammar.
 */
const decoder = new TextDecoder("latin1");

export type Field = readonly [name: string, value: string];

export interface Message {
  /** The request line or the status line. */
  readonly startLine: string;
  /** In order, names as they were sent. */
  readonly fields: readonly Field[];
  /** Without chunk framing. */
  readonly body: Uint8Array;
  readonly trailers: readonly Field[];
  /** Bytes of the message on the wire. */
  readonly length: number;
}

/** How a body ends: after so many bytes, by its chunks, or with the connection. */
export type BodyEnd = number | "chunked" | "close";

/**
 * The first message in `bytes`, or undefined where more bytes are needed. `bodyEnd` decides the
 * body's framing from the start line and the fields; `ended` says that the peer sent FIN.
 */
export function readMessage(
  bytes: Uint8Array,
  ended: boolean,
  bodyEnd: (startLine: string, fields: readonly Field[]) => BodyEnd,
): Message | undefined {
  const headEnd = indexOfBlankLine(bytes, 0);
  if (headEnd < 0) return undefined;
  const [startLine, ...lines] = decoder.decode(bytes.subarray(0, headEnd)).split("\r\n");
  const fields = lines.map(readField);
  const start = headEnd + 4;
  const end = bodyEnd(startLine, fields);
  if (end === "chunked") return readChunked(bytes, startLine, fields, start);
  if (end === "close") {
    if (!ended) return undefined;
    return { startLine, fields, body: bytes.slice(start), trailers: [], length: bytes.length };
  }
  if (bytes.length < start + end) return undefined;
  const body = bytes.slice(start, start + end);
  return { startLine, fields, body, trailers: [], length: start + end };
}

/** The only field of that name; undefined where there is none. Throws where there are several. */
export function onlyField(fields: readonly Field[], name: string): string | undefined {
  const values = fieldValues(fields, name);
  if (values.length > 1) throw new Error(`${values.length} ${name} fields: ${values.join(" | ")}`);
  return values[0];
}

/** The values of all fields of that name, in order. */
function fieldValues(fields: readonly Field[], name: string): string[] {
  const wanted = name.toLowerCase();
  return fields.filter(([n]) => n.toLowerCase() === wanted).map(([, value]) => value);
}

/** The body's framing as both roles see it: RFC 9112 section 6.3, without its leniencies. */
export function declaredFraming(fields: readonly Field[]): number | "chunked" | undefined {
  const codings = fieldValues(fields, "transfer-encoding");
  const lengths = fieldValues(fields, "content-length");
  if (codings.length > 0) {
    if (lengths.length > 0) throw new Error("both Transfer-Encoding and Content-Length");
    if (codings.length > 1 || codings[0].toLowerCase() !== "chunked") {
      throw new Error(`unexpected Transfer-Encoding: ${codings.join(" | ")}`);
    }
    return "chunked";
  }
  if (lengths.length === 0) return undefined;
  if (lengths.length > 1 || !/^(0|[1-9][0-9]*)$/.test(lengths[0])) {
    throw new Error(`unexpected Content-Length: ${lengths.join(" | ")}`);
  }
  return Number(lengths[0]);
}

function readField(line: string): Field {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(line);
  if (match === null || /[\0-\x08\x0a-\x1f\x7f]/.test(line)) {
    throw new Error(`malformed field line: ${JSON.stringify(line)}`);
  }
  return [match[1], match[2]];
}

function readChunked(
  bytes: Uint8Array,
  startLine: string,
  fields: readonly Field[],
  start: number,
): Message | undefined {
  const chunks: Uint8Array[] = [];
  let at = start;
  for (;;) {
    const lineEnd = indexOfCrlf(bytes, at);
    if (lineEnd < 0) return undefined;
    const line = decoder.decode(bytes.subarray(at, lineEnd));
    if (!/^[0-9A-Fa-f]{1,8}$/.test(line))
      throw new Error(`malformed chunk size: ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (bytes.length < at + size + 2) return undefined;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
    if (bytes[at] !== 13 || bytes[at + 1] !== 10)
      throw new Error("chunk data not followed by CRLF");
    at += 2;
  }
  const trailers: Field[] = [];
  for (;;) {
    const lineEnd = indexOfCrlf(bytes, at);
    if (lineEnd < 0) return undefined;
    const line = decoder.decode(bytes.subarray(at, lineEnd));
    at = lineEnd + 2;
    if (line === "") break;
    trailers.push(readField(line));
  }
  return { startLine, fields, body: new Uint8Array(Buffer.concat(chunks)), trailers, length: at };
}

function indexOfCrlf(bytes: Uint8Array, from: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(
    "\r\n",
    from,
    "latin1",
  );
}

function indexOfBlankLine(bytes: Uint8Array, from: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(
    "\r\n\r\n",
    from,
    "latin1",
  );
}
