/**
 * Runs `work` and returns how many bytes it copied through the platform: `set`, `slice`. What code
 * copies in loops of its own (`copyBytes` up to 128 bytes) isn't seen.
 */
export function countCopies(work: () => void): number {
  const { prototype } = Uint8Array;
  const { set, slice } = prototype;
  let copied = 0;
  prototype.set = function (this: Uint8Array, source: ArrayLike<number>, offset?: number): void {
    copied += source.length;
    set.call(this, source, offset);
  };
  prototype.slice = function (this: Uint8Array, start?: number, end?: number) {
    const copy = slice.call(this, start, end);
    copied += copy.length;
    return copy as Uint8Array<ArrayBuffer>;
  };
  try {
    work();
  } finally {
    prototype.set = set;
    prototype.slice = slice;
  }
  return copied;
}
