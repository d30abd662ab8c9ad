import type { Buffer } from "node:buffer";
import type { Transform } from "node:stream";
import type * as Zlib from "node:zlib";
import type { Codecs, Coding, Encoder, EncoderSink } from "../../../src/core/codecs.ts";

/** Bytes that a window of 13 bits holds. */
const SHORT = 8192;

/**
 * The codecs of node:zlib, which is loaded now and not before. Levels are those that cost about the same:
 * gzip 5, brotli 4, zstd 3. Windows stay within 256 KiB for brotli and 2 MiB for zstd, so that many streams
 * have room.
 */
export async function loadCodecs(): Promise<Codecs> {
  const zlib = await import("node:zlib");
  const { constants } = zlib;
  const gzip: Zlib.ZlibOptions = { level: 5 };
  // Its state is made for each body: for a short one that costs more than the compressing does.
  const gzipShort: Zlib.ZlibOptions = { level: 5, memLevel: 5, windowBits: 13 };
  const br: Zlib.BrotliOptions = {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 4,
      [constants.BROTLI_PARAM_LGWIN]: 18,
    },
  };
  const zstd: Zlib.ZstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
  const streams: Record<Coding, () => Transform & Zlib.Zlib> = {
    gzip: () => zlib.createGzip(gzip),
    br: () => zlib.createBrotliCompress(br),
    zstd: () => zlib.createZstdCompress(zstd),
  };
  const flushes: Record<Coding, number> = {
    gzip: constants.Z_SYNC_FLUSH,
    br: constants.BROTLI_OPERATION_FLUSH,
    zstd: constants.ZSTD_e_flush,
  };
  const whole: Record<Coding, (bytes: Uint8Array) => Uint8Array> = {
    gzip: (bytes) => zlib.gzipSync(bytes, bytes.length <= SHORT ? gzipShort : gzip),
    br: (bytes) => zlib.brotliCompressSync(bytes, br),
    zstd: (bytes) => zlib.zstdCompressSync(bytes, zstd),
  };
  return {
    encode: (coding, bytes) => whole[coding](bytes),
    encoder: (coding, sink) => streamEncoder(streams[coding](), flushes[coding], sink),
  };
}

type ZlibStream = Transform & {
  flush(kind: number, callback: () => void): void;
};

function streamEncoder(stream: ZlibStream, flushKind: number, sink: EncoderSink): Encoder {
  let over = false;
  let flushing = false;
  let again = false;
  const flush = (): void => {
    if (flushing) {
      again = true;
      return;
    }
    flushing = true;
    stream.flush(flushKind, () => {
      flushing = false;
      if (!again || over) return;
      again = false;
      flush();
    });
  };
  stream.on("data", (bytes: Buffer) => {
    if (!over) sink.encoded(bytes);
  });
  stream.on("drain", () => {
    if (!over) sink.drained();
  });
  stream.on("end", () => {
    if (over) return;
    over = true;
    sink.ended();
  });
  stream.on("error", (error: unknown) => {
    if (over) return;
    over = true;
    sink.failed(error);
  });
  return {
    write: (bytes) => stream.write(bytes),
    flush,
    end() {
      again = false;
      stream.end();
    },
    abort() {
      over = true;
      stream.destroy();
    },
  };
}
