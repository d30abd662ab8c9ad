/**
 * Since when servers are there, or are up again, in milliseconds of `now()`; by service, so that a reload
 * doesn't make all of them new.
 */
export class ServerAges {
  private readonly services = new Map<string, Map<string, number>>();

  /**
   * The servers of a service from now on: those that the one before it had keep their time. All of a service that
   * is new itself have been there for ever: none is to be spared for others. Changing the map notes a server anew.
   */
  begin(service: string, servers: readonly string[], time: number): Map<string, number> {
    const before = this.services.get(service);
    const since = new Map<string, number>();
    for (const server of servers)
      since.set(server, before === undefined ? -Infinity : (before.get(server) ?? time));
    this.services.set(service, since);
    return since;
  }

  /** The service is no more; another one of its name that has begun meanwhile stays. */
  end(service: string, since: Map<string, number>): void {
    if (this.services.get(service) === since) this.services.delete(service);
  }
}
