export type NameHash = readonly [low: number, high: number];

/** Two different 32-bit FNV-1a hashes of a text; neither is 0. */
export function nameHash(text: string): NameHash {
  let low = 0x811c9dc5;
  let high = 0x2f0b4c47;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x5bd1e995) + (high >>> 15);
  }
  return [low | 0 || 1, high | 0 || 1];
}
