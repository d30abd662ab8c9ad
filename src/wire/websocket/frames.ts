/** Opcodes of RFC 6455 section 5.2. */
export const Opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** Close codes of RFC 6455 section 7.4.1 that an endpoint sends by itself. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  noStatus: 1005,
  abnormal: 1006,
  invalidPayload: 1007,
  tooBig: 1009,
} as const;

/** Bytes of a control frame's payload at the most (RFC 6455 section 5.5). */
export const MAX_CONTROL = 125;

/** An unmasked frame, as servers send them: one whole message or control frame. */
export function serverFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65536 ? 2 : 8;
  const frame = new Uint8Array(2 + extended + length);
  frame[0] = 0x80 | opcode;
  if (extended === 0) {
    frame[1] = length;
  } else {
    const view = new DataView(frame.buffer);
    frame[1] = extended === 2 ? 126 : 127;
    if (extended === 2) view.setUint16(2, length);
    else view.setBigUint64(2, BigInt(length));
  }
  frame.set(payload, 2 + extended);
  return frame;
}

/** The payload of a close frame; without a code nothing. The reason is cut where it is too long. */
export function closePayload(code: number | undefined, reason: string): Uint8Array {
  if (code === undefined) return new Uint8Array(0);
  const text = new TextEncoder().encode(reason);
  let end = Math.min(text.length, MAX_CONTROL - 2);
  // Not within a character.
  while (end < text.length && end > 0 && (text[end] & 0xc0) === 0x80) end--;
  const payload = new Uint8Array(2 + end);
  new DataView(payload.buffer).setUint16(0, code);
  payload.set(text.subarray(0, end), 2);
  return payload;
}

/** True for a code that an endpoint may put into a close frame (RFC 6455 section 7.4). */
export function isSendableCode(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
