import { Body, type BodySource } from "../../../../http/body.ts";

/** What goes out with its head in one write, if it comes in pieces that are worth a copy. */
const MOST_IN_PIECES = 72 * 1024;
const PIECE = 24 * 1024;

/**
 * A body of stored bytes. One of up to 72 KiB comes in pieces that connections put behind the head: one system call
 * instead of two, which for bytes that are asked for again and again is worth the copy.
 */
export function storedBody(bytes: Uint8Array): Body {
  if (bytes.length <= PIECE || bytes.length > MOST_IN_PIECES) return Body.of(bytes);
  const pieces = new Pieces(bytes);
  const body = new Body(pieces, bytes.length);
  pieces.body = body;
  return body;
}

class Pieces implements BodySource {
  body!: Body;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  startBody(): void {
    const { body, bytes } = this;
    for (let at = 0; at < bytes.length; at += PIECE)
      body.push(bytes, at, Math.min(at + PIECE, bytes.length));
    body.finish();
  }

  pauseBody(): void {}
  resumeBody(): void {}
  cancelBody(): void {}
}
