/**
 * Runs `callback` when the events that are at hand have been dealt with: at the end of the event
 * loop's turn where the platform has a word for that, else behind the present event. What is
 * collected meanwhile for one connection goes out in one write.
 */
export const afterEvents: (callback: () => void) => void =
  (globalThis as { setImmediate?: (callback: () => void) => void }).setImmediate ?? queueMicrotask;
