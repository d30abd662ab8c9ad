/** What the length of a body that is to be sent may be besides a number of bytes. */
export const BodyLength = {
  /** There is a body, and its length isn't known before its end. */
  open: -1,
  /** Nothing to say: there is no body, or none whose length is known here (an answer to HEAD). */
  unsaid: -2,
} as const;
