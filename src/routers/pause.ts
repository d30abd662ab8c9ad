/** Gives the event loop a turn now and then. */
export interface Pause {
  /** Undefined while it isn't time. */
  breathe(): Promise<void> | undefined;
  /** In any case. */
  turn(): Promise<void>;
}
