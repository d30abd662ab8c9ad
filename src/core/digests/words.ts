/** The message as MD5 and SHA-2 pad it (RFC 1321 section 3.1, FIPS 180-4 section 5.1.1): whole blocks of 64 bytes. */
export function paddedMessage(bytes: Uint8Array, littleEndian: boolean): DataView {
  const padded = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  const low = (bytes.length << 3) >>> 0;
  const high = Math.floor(bytes.length / 2 ** 29);
  view.setUint32(padded.length - 8, littleEndian ? low : high, littleEndian);
  view.setUint32(padded.length - 4, littleEndian ? high : low, littleEndian);
  return view;
}
