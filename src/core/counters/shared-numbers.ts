/** Bytes of the memory that `sharedNumbers` counts in. */
export const SHARED_NUMBERS_BYTES = 8;

/** Gives the numbers from 1, each once in all threads that share the memory. */
export function sharedNumbers(memory: SharedArrayBuffer): () => number {
  const cell = new BigInt64Array(memory);
  return () => Number(Atomics.add(cell, 0, 1n)) + 1;
}

/** The same in one thread. */
export function ownNumbers(): () => number {
  let last = 0;
  return () => ++last;
}
