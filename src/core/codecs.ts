/** Content codings (RFC 9110 section 8.4.1; br: RFC 7932, zstd: RFC 8878). */
export const CODINGS = ["gzip", "br", "zstd"] as const;
export type Coding = (typeof CODINGS)[number];

/** Hears what comes out of an encoder. */
export interface EncoderSink {
  /** The array doesn't change later. */
  encoded(bytes: Uint8Array): void;
  /** It takes more again. */
  drained(): void;
  /** All has come out. */
  ended(): void;
  /** Nothing follows. */
  failed(error: unknown): void;
}

/** Encodes one body as it comes, off the event loop. */
export interface Encoder {
  /** False where the next piece should wait for `drained`. The bytes must not change until then. */
  write(bytes: Uint8Array): boolean;
  /** What was written so far comes out, so that its reader can decode it. */
  flush(): void;
  /** Nothing more is written. */
  end(): void;
  /** The sink hears nothing more. */
  abort(): void;
}

/** What encodes bodies. The runtimes' adapters have it. */
export interface Codecs {
  encoder(coding: Coding, sink: EncoderSink): Encoder;
  /** A whole body at once: for those that are short. */
  encode(coding: Coding, bytes: Uint8Array): Uint8Array;
}
