/** So many objects wait at the most. */
const MAX = 256;

/**
 * Objects that nothing refers to any more, to be used again in the place of new ones: the last one
 * first, which is most likely in the cache. The giver sees to it that it is the last one who knows it.
 */
export class FreeList<T> {
  private readonly free: T[] = [];

  take(): T | undefined {
    return this.free.pop();
  }

  give(object: T): void {
    if (this.free.length < MAX) this.free.push(object);
  }
}
