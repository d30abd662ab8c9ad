/** Sends OTLP requests of one signal to one receiver. */
export interface OtlpClient {
  /** Rejects where it was not taken: with `Refused` where sending it again is no use. */
  send(body: Uint8Array, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** The bytes in gzip's format. */
export async function gzipped(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as BlobPart]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
