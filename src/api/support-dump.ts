import { concatBytes } from "../core/bytes.ts";

/** A file of the archive. */
export interface DumpFile {
  readonly name: string;
  readonly text: string;
}

const BLOCK = 512;

/** Files as a tar archive (POSIX ustar), compressed with gzip; `time` in milliseconds since the epoch. */
export async function tarGz(files: readonly DumpFile[], time: number): Promise<Uint8Array> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  for (const { name, text } of files) {
    const content = encoder.encode(text);
    const padding = (BLOCK - (content.length % BLOCK)) % BLOCK;
    parts.push(tarHeader(name, content.length, time), content, new Uint8Array(padding));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  const packed = new Blob([concatBytes(parts) as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function tarHeader(name: string, size: number, time: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  put(0, name);
  put(100, octal(0o600, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(Math.floor(time / 1000), 11));
  put(156, "0");
  put(257, "ustar\x0000");
  // The sum of all bytes, its own field as spaces.
  put(148, " ".repeat(8));
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)} `);
  return header;
}

/** What stands for a value that may name a person, a place or a secret. */
const HIDDEN = "xxxx";

/**
 * A static configuration without what tells who runs it: texts are hidden but for words that the
 * schema itself has (formats, levels), addresses without a host and numbers stay.
 */
export function anonymized(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((element) => anonymized(element, key));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, child]) => [
        name,
        anonymized(child, USERS.has(key) ? "" : name),
      ]),
    );
  if (typeof value !== "string" || value === "") return value;
  return PLAIN.has(key) || /^:\d+(\/(tcp|udp))?$/.test(value) ? value : HIDDEN;
}

/** Maps whose keys are the user's: none of their values is a word of the schema. */
const USERS: ReadonlySet<string> = new Set([
  "headers",
  "headerLabels",
  "names",
  "resourceAttributes",
  "globalAttributes",
  "additionalLabels",
]);

/** Keys whose texts are words of the schema, or names of elements. */
const PLAIN: ReadonlySet<string> = new Set([
  "format",
  "level",
  "defaultMode",
  "scheme",
  "entryPoint",
  "underscoreHeadersStrategy",
  "defaultRuleSyntax",
  "statusCodes",
  "precedence",
  "traceVerbosity",
]);
