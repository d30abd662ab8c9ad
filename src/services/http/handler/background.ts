/** What modules left behind with `waitUntil`, so that a shutdown can wait for it. */
export class Background {
  private readonly works = new Set<Promise<unknown>>();

  /** Counts the work until it has settled. */
  add(work: Promise<unknown>): void {
    this.works.add(work);
    const gone = () => void this.works.delete(work);
    work.then(gone, gone);
  }

  /** Resolves with true once there is no work, that which begins meanwhile included; with false after as many milliseconds. */
  async settled(milliseconds: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, milliseconds, false);
    });
    try {
      while (this.works.size > 0) {
        const all = Promise.allSettled(this.works).then(() => true as const);
        if (!(await Promise.race([all, late]))) return false;
      }
      return true;
    } finally {
      clearTimeout(timer);
    }
  }
}
