import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { latin1 } from "../../src/core/bytes.ts";
import {
  CHUNK_HEAD_MAX,
  writeChunkHead,
  writeLastChunk,
} from "../../src/wire/http1/chunk-encoder.ts";
import { VALID_RESPONSES } from "../unit/wire/http1/fixtures/responses.ts";
import { SMUGGLING } from "../unit/wire/http1/fixtures/smuggling.ts";
import { VALID_REQUESTS } from "../unit/wire/http1/fixtures/valid-requests.ts";
import { parseRequests, parseResponses, split } from "../unit/wire/http1/recorder.ts";

const TCHAR = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const VISIBLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join("");
const OBS_TEXT = Array.from({ length: 128 }, (_, i) => String.fromCharCode(0x80 + i)).join("");

const text = (alphabet: string, minLength: number, maxLength: number) =>
  fc
    .array(fc.constantFrom(...alphabet), { minLength, maxLength })
    .map((characters) => characters.join(""));

const octets = fc.uint8Array({ maxLength: 300 }).map((bytes) => latin1(bytes, 0, bytes.length));

type Field = [string, string, string, string];

/** Names that no parser acts on. */
const fieldName = text(TCHAR, 1, 12).map((name) => `X-${name}`);
const fieldValue = text(`${VISIBLE}${OBS_TEXT} \t`, 0, 40).map((value) =>
  value.replace(/^[ \t]+|[ \t]+$/g, ""),
);
const blank = text(" \t", 0, 3);
const field: fc.Arbitrary<Field> = fc.tuple(fieldName, fieldValue, blank, blank);
const fields = fc.array(field, { maxLength: 8 });
/** Offsets to split at, as fractions. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

function cutUp(input: string, fractions: number[]): Uint8Array[] {
  const offsets = fractions.map((fraction) => Math.floor(fraction * input.length));
  return split(
    input,
    offsets.sort((a, b) => a - b),
  );
}

function lines(list: Field[]): string {
  return list
    .map(([name, value, before, after]) => `${name}:${before}${value}${after}\r\n`)
    .join("");
}

function pairs(list: Field[]): [string, string][] {
  return list.map(([name, value]) => [name, value]);
}

/** A body: null for none, one string for Content-Length, a list for chunks with trailers. */
type Content = null | string | { chunks: string[]; trailers: Field[] };
const body: fc.Arbitrary<Content> = fc.oneof(
  fc.constant(null),
  octets,
  fc.record({ chunks: fc.array(octets, { maxLength: 5 }), trailers: fields }),
);

interface Framed {
  field: [string, string][];
  framing: string;
  contentLength: number;
  wire: string;
  body: string;
  trailers: [string, string][] | null;
}

function framed(content: Content): Framed {
  if (content === null) {
    return { field: [], framing: "none", contentLength: -1, wire: "", body: "", trailers: null };
  }
  if (typeof content === "string") {
    const { length } = content;
    return {
      field: [["Content-Length", String(length)]],
      framing: length > 0 ? "length" : "none",
      contentLength: length,
      wire: content,
      body: content,
      trailers: null,
    };
  }
  const head = new Uint8Array(CHUNK_HEAD_MAX);
  const chunks = content.chunks.filter((chunk) => chunk !== "");
  const wire = chunks.map(
    (chunk) => `${latin1(head, 0, writeChunkHead(head, 0, chunk.length))}${chunk}\r\n`,
  );
  wire.push(latin1(head, 0, writeLastChunk(head, 0)), lines(content.trailers), "\r\n");
  return {
    field: [["Transfer-Encoding", "chunked"]],
    framing: "chunked",
    contentLength: -1,
    wire: wire.join(""),
    body: chunks.join(""),
    trailers: content.trailers.length === 0 ? null : pairs(content.trailers),
  };
}

describe("what is written is what is read, whatever the pieces", () => {
  const request = fc.record({
    method: text(TCHAR, 1, 10).filter((method) => method !== "CONNECT"),
    target: text(VISIBLE.replace("#", ""), 0, 60).map((rest) => `/${rest}`),
    close: fc.boolean(),
    fields,
    body,
  });

  test("requests, pipelined", () => {
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 4 }),
        cuts,
        (requests, fractions) => {
          let input = "";
          const messages = requests.map(({ method, target, close, fields, body }) => {
            const { wire, field, ...rest } = framed(body);
            const all: Field[] = [
              ["Host", "example.com", " ", ""],
              ...field.map(([name, value]): Field => [name, value, "", " "]),
              ...(close ? [["Connection", "close", "", ""] as Field] : []),
              ...fields,
            ];
            input += `${method} ${target} HTTP/1.1\r\n${lines(all)}\r\n${wire}`;
            return {
              startLine: `${method} ${target} HTTP/1.1`,
              fields: pairs(all),
              flags: close ? [] : ["keepAlive"],
              complete: true,
              ...rest,
            };
          });
          expect(parseRequests(cutUp(input, fractions))).toEqual({
            messages,
            error: null,
            taken: input.length,
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  const response = fc.record({
    minor: fc.constantFrom(0, 1),
    status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
    reason: fieldValue,
    fields,
    body: body.filter((content) => content !== null),
  });

  test("responses, with interim ones in front", () => {
    fc.assert(
      fc.property(
        fc.array(response, { minLength: 1, maxLength: 4 }),
        fc.nat(2),
        cuts,
        (responses, interim, fractions) => {
          let input = "";
          const messages = responses.flatMap(({ status, reason, fields, body, ...rest }) => {
            const { wire, field, ...facts } = framed(body);
            const minor = facts.framing === "chunked" ? 1 : rest.minor;
            const all: Field[] = [
              ...fields,
              ...field.map(([name, value]): Field => [name, value, "\t", ""]),
            ];
            input += "HTTP/1.1 102 Processing\r\n\r\n".repeat(interim);
            input += `HTTP/1.${minor} ${status} ${reason}\r\n${lines(all)}\r\n${wire}`;
            const before = Array.from({ length: interim }, () => ({
              startLine: "HTTP/1.1 102 Processing",
              fields: [] as [string, string][],
              framing: "none",
              contentLength: -1,
              flags: ["keepAlive"],
              body: "",
              trailers: null as [string, string][] | null,
              complete: false,
            }));
            return [
              ...before,
              {
                startLine: `HTTP/1.${minor} ${status} ${reason}`,
                fields: pairs(all),
                flags: minor === 1 ? ["keepAlive"] : [],
                complete: true,
                ...facts,
              },
            ];
          });
          const methods = responses.map(() => "GET");
          expect(parseResponses(cutUp(input, fractions), methods)).toEqual({
            messages,
            error: null,
            taken: input.length,
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("anything at all", () => {
  // parseRequests and parseResponses let through whatever isn't a ProxyError, and check the sink's contract.
  test("random bytes are refused, or wait for more, the same in all pieces", () => {
    fc.assert(
      fc.property(octets, cuts, (input, fractions) => {
        expect(parseRequests(cutUp(input, fractions))).toEqual(parseRequests(split(input, [])));
        expect(parseResponses(cutUp(input, fractions), ["GET"], true)).toEqual(
          parseResponses(split(input, []), ["GET"], true),
        );
      }),
      { numRuns: 500 },
    );
  });

  /** Bytes that mean something to a parser, more often than others. */
  const spice = fc.oneof(
    fc.constantFrom(...'\r\n\t\0 :,;="0', "\r\n", "\r\n\r\n", "0\r\n", "chunked", "\x7f", "\xff"),
    fc.nat(255).map((octet) => String.fromCharCode(octet)),
  );
  const mutation = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(2), spice);
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });

  function mutate(input: string, list: [number, number, string][]): string {
    for (const [fraction, remove, insert] of list) {
      const at = Math.floor(fraction * input.length);
      input = input.slice(0, at) + insert + input.slice(at + remove);
    }
    return input;
  }

  // The grammar once more, as one regular expression that shares nothing with the parser.
  const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
  const VALUE = "[\\t\\x20-\\x7e\\x80-\\xff]*";
  const HEAD = new RegExp(
    `^(?:\\r\\n)?${TOKEN} [\\x21-\\x22\\x24-\\x7e\\x80-\\xff]+ HTTP/1\\.[01]\\r\\n(?:${TOKEN}:${VALUE}\\r\\n)*\\r\\n`,
  );
  const requests = [...VALID_REQUESTS, ...SMUGGLING].map((fixture) => fixture.input);

  test("mutated requests are read the same in all pieces, and only grammatical heads are taken", () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.constantFrom(...requests), mutations, cuts, (fixture, list, fractions) => {
        const input = mutate(fixture, list);
        const whole = parseRequests(split(input, []));
        expect(parseRequests(cutUp(input, fractions))).toEqual(whole);
        if (whole.messages.length > 0) {
          taken++;
          expect(input).toMatch(HEAD);
        } else if (whole.error === null) {
          expect(HEAD.test(input)).toBe(false);
        }
      }),
      { numRuns: 1500 },
    );
    expect(taken).toBeGreaterThan(0);
  });

  test("mutated responses are read the same in all pieces", () => {
    const responses = fc.constantFrom(...VALID_RESPONSES);
    fc.assert(
      fc.property(responses, mutations, cuts, fc.boolean(), (fixture, list, fractions, eof) => {
        const input = mutate(fixture.input, list);
        expect(parseResponses(cutUp(input, fractions), fixture.methods, eof)).toEqual(
          parseResponses(split(input, []), fixture.methods, eof),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test("a request that is taken means the same to a naive reader", () => {
    // How a reader without any strictness finds the body's end: header lines split at CRLF and ":".
    const naive = (head: string) => {
      const found = new Map<string, string[]>();
      for (const line of head.split("\r\n").slice(1)) {
        const name = line.slice(0, line.indexOf(":")).trim().toLowerCase();
        found.set(name, [...(found.get(name) ?? []), line.slice(line.indexOf(":") + 1).trim()]);
      }
      const codings = found.get("transfer-encoding") ?? [];
      const lengths = found.get("content-length") ?? [];
      if (codings.length > 0) return /chunked/i.test(codings.join()) ? "chunked" : "unknown";
      return lengths.length > 0 ? String(Number.parseInt(lengths[0], 10)) : "none";
    };
    fc.assert(
      fc.property(fc.constantFrom(...requests), mutations, (fixture, list) => {
        const input = mutate(fixture, list);
        const { messages } = parseRequests(split(input, []));
        if (messages.length === 0) return;
        const { framing, contentLength } = messages[0];
        const ours =
          framing === "chunked" ? framing : contentLength < 0 ? "none" : `${contentLength}`;
        const start = input.startsWith("\r\n") ? 2 : 0;
        expect(naive(input.slice(start, input.indexOf("\r\n\r\n", start)))).toBe(ours);
      }),
      { numRuns: 1500 },
    );
  });
});
