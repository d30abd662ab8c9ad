import { concatBytes } from "../../../core/bytes.ts";
import { CODINGS, type Codecs, type Coding } from "../../../core/codecs.ts";
import { Body } from "../../../http/body.ts";
import type { Exchange } from "../../../http/exchange.ts";
import { whenResponse } from "../../../http/handler.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { FieldId } from "../../../wire/field-names.ts";
import type { HttpMiddlewareKind, HttpMiddlewareOptions } from "../http-middleware.ts";
import { acceptedCoding } from "./accept-encoding.ts";
import { CompressedBody } from "./compressed-body.ts";
import { mediaType, mediaTypes } from "./media-types.ts";

const DEFAULT_MIN = 1024;
/** A body that is all there and no longer than this is encoded at once. */
const SHORT = 32 * 1024;
const GRPC = "application/grpc";
/** A response that says it with this field stays as it is; the field goes. */
const OPT_OUT = "no-gzip-compression";

/**
 * `compress`: encodes responses with the coding that the client likes best. Those that are encoded
 * already, a part of something (Content-Range), shorter than `minResponseBodyBytes`, gRPC, of a type that
 * isn't wanted, or marked `Cache-Control: no-transform`, stay as they are. A body of unknown length is flushed
 * with each piece that comes, as event streams need it.
 * Source: Traefik's pkg/middlewares/compress and klauspost's gzhttp.
 */
export const compress: HttpMiddlewareKind<"compress"> = {
  async create(options, { codecs }) {
    const { codings, preferred, isExcluded, isWanted, min } = compressOptions(options);
    const encoders = await codecs();
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        if (lazy.method === "HEAD" || isExcluded(lazy)) return next(lazy, exchange);
        const accepted = lazy.headerList.get("accept-encoding");
        const coding = accepted === null ? preferred : acceptedCoding(accepted, codings, preferred);
        if (coding === undefined || coding === null) return next(lazy, exchange);
        return whenResponse(next(lazy, exchange), exchange, (response) => {
          const answer = LazyResponse.of(response);
          if (answer.tunnel !== null) return answer;
          addVary(answer);
          if (canBeEncoded(answer, min) && isWanted(answer))
            encode(answer, encoders, coding, exchange);
          return answer;
        });
      },
    };
  },
};

/** What the options say. Throws where they can't work. */
export function compressOptions(options: HttpMiddlewareOptions<"compress">) {
  const { excludedContentTypes = [], includedContentTypes = [], defaultEncoding } = options;
  if (excludedContentTypes.length > 0 && includedContentTypes.length > 0)
    throw new Error(
      "compress: excludedContentTypes and includedContentTypes are mutually exclusive",
    );
  const codings = (options.encodings ?? [...CODINGS]).map(codingOf);
  if (codings.length === 0) throw new Error("compress: encodings is empty");
  const preferred = defaultEncoding ? codingOf(defaultEncoding) : undefined;
  if (preferred !== undefined && !codings.includes(preferred))
    throw new Error(
      `compress: defaultEncoding: expected one of ${codings.join(", ")}, found "${defaultEncoding}"`,
    );
  const excluded = mediaTypes(excludedContentTypes, "excludedContentTypes");
  const included = mediaTypes(includedContentTypes, "includedContentTypes");
  const isOut = (type: string) =>
    type === GRPC || type.startsWith(`${GRPC}+`) || excluded.has(type);
  return {
    codings,
    preferred,
    min: options.minResponseBodyBytes || DEFAULT_MIN,
    isExcluded(request: LazyRequest): boolean {
      const type = typeOf(request);
      return type !== undefined && type !== null && isOut(type);
    },
    /** A response without a type is encoded, one with a type that can't be read isn't. */
    isWanted(response: LazyResponse): boolean {
      const type = typeOf(response);
      if (type === undefined) return true;
      if (type === null || isOut(type)) return false;
      return included.size === 0 || included.has(type);
    },
  };
}

function codingOf(name: string): Coding {
  const coding = CODINGS.find((candidate) => candidate === name);
  if (coding === undefined)
    throw new Error(`compress: encodings: expected ${CODINGS.join(", ")}, found "${name}"`);
  return coding;
}

/** Undefined where the message says none, null where it can't be read. */
function typeOf({ headerList }: LazyRequest | LazyResponse): string | null | undefined {
  const at = headerList.findId(FieldId.contentType);
  return at < 0 ? undefined : mediaType(headerList.valueAt(at));
}

/** Caches must know that other clients get another response. */
function addVary({ headerList }: LazyResponse): void {
  for (const value of headerList.all("vary"))
    if (/(?:^|,)\s*(?:accept-encoding|\*)\s*(?:,|$)/i.test(value)) return;
  headerList.appendId(FieldId.vary, "Accept-Encoding");
}

function canBeEncoded(response: LazyResponse, min: number): boolean {
  const { headerList, status } = response;
  if (status < 200 || status === 204 || status === 206 || status === 304) return false;
  if (headerList.findId(FieldId.contentEncoding) >= 0 || headerList.has("content-range"))
    return false;
  if (headerList.has(OPT_OUT)) {
    headerList.delete(OPT_OUT);
    return false;
  }
  if (headerList.findId(FieldId.cacheControl) >= 0) {
    const control = headerList.get("cache-control") ?? "";
    if (/(?:^|,)\s*no-transform\s*(?:,|$)/i.test(control)) return false;
  }
  const body = response.takeBody();
  return body !== null && (body.length < 0 || body.length >= min);
}

function encode(response: LazyResponse, codecs: Codecs, coding: Coding, exchange: Exchange): void {
  const { headerList } = response;
  const body = response.takeBody()!;
  headerList.deleteId(FieldId.contentLength);
  // They were about the bytes before.
  headerList.delete("accept-ranges");
  headerList.setId(FieldId.contentEncoding, coding);
  if (body.complete && body.length >= 0 && body.received <= SHORT) {
    exchange.originBytes = body.received;
    response.setBody(encodedAtOnce(body, codecs, coding));
    return;
  }
  exchange.retain();
  response.setBody(new CompressedBody(body, codecs, coding, exchange).body);
}

/** For a body that is all there: its sink has it all when `pipe` returns. */
function encodedAtOnce(body: Body, codecs: Codecs, coding: Coding): Body {
  const chunks: Uint8Array[] = [];
  body.pipe({
    bodyChunk: (bytes, start, end) => void chunks.push(bytes.subarray(start, end)),
    bodyFlush() {},
    bodyEnd() {},
    bodyFail() {},
  });
  const bytes = chunks.length === 1 ? chunks[0] : concatBytes(chunks);
  const encoded = Body.of(codecs.encode(coding, bytes));
  encoded.trailers = body.trailers;
  return encoded;
}
