/** What the length of a body that is to be sent may be besides a number of bytes. */
export const BodyLength = {
  /** There is a body, and its length isn't known before its end. */
  open: -1,
  /** Nothing to say: no body. */
  none: -2,
} as const;
