/** Another thread of this process, with an event loop and memory of its own. */
export interface Thread {
  /** Sends plain data, bytes or shared memory; what comes in wrong order never happens. */
  post(message: unknown): void;
  /** Ends it, whatever it is doing; `ended` follows. */
  terminate(): void;
}

/** What the thread that started another one hears of it. */
export interface ThreadEvents {
  message(message: unknown): void;
  /** It has ended, by itself or not, and why. Called once; nothing follows. */
  ended(reason: string): void;
}

/** The started thread's way to the one that started it. */
export interface ThreadPort {
  post(message: unknown): void;
  receive(callback: (message: unknown) => void): void;
}

/** What a runtime knows of threads. */
export interface Threads {
  /** Processors that this process may use at once: at least 1; affinity and cgroup limits count. */
  readonly cores: number;
  /** Starts a thread with the program of a data plane (`serveDataPlane`). */
  start(events: ThreadEvents): Thread;
  /**
   * Rejects, as `Runtime.listen` does, where another listener has that port, even one that would
   * share it. Only where the system tells; port 0 is free.
   */
  checkPort(hostname: string, port: number): Promise<void>;
  /** False: a thread in an endless loop keeps its listeners, even when it is terminated. */
  readonly endsHungThreads: boolean;
}
