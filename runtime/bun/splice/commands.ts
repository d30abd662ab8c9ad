/** What the main thread tells the splicing thread: so many signed 32-bit numbers through a pipe. */
export const COMMAND_WORDS = 8;
export const COMMAND_BYTES = COMMAND_WORDS * 4;

/** The first word of a command; the second is the relay's number. */
export const Command = {
  /** Words: descriptors of both sides, idleTimeout, terminationDelay (milliseconds). */
  join: 1,
  /** Resets both sides. */
  reset: 2,
  /** Resets all and ends the thread. */
  stop: 3,
} as const;

/** What it hears back: three numbers for each relay that has ended, and why where it was a fault. */
export interface SpliceReport {
  /** Relay's number, bytes received from its first side, and from its second; and so on. */
  readonly ended: readonly number[];
}

/** What the thread is started with. */
export interface SpliceStart {
  /** The reading end of the commands' pipe. */
  readonly commands: number;
  /** A DescriptorSet's memory. */
  readonly held: SharedArrayBuffer;
}
