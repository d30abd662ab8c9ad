/**
 * Lets tasks happen one after another: what reads a set of records, changes it and writes it back
 * must not meet another that does the same.
 */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Resolves as the task does, which begins when all before it have ended. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.last.then(task, task);
    this.last = turn.catch(() => {});
    return turn;
  }
}
