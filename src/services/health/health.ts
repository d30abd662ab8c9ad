/**
 * Whether a service is up, and who wants to hear of a change: its parents. A service starts up, as
 * in Traefik, until a check says otherwise.
 */
export class Health {
  private current: boolean;
  private readonly listeners = new Set<(up: boolean) => void>();

  constructor(up = true) {
    this.current = up;
  }

  get up(): boolean {
    return this.current;
  }

  /** Tells the listeners where that is a change. */
  set(up: boolean): void {
    if (up === this.current) return;
    this.current = up;
    for (const listener of [...this.listeners]) listener(up);
  }

  /** Calls back at every change, until the function that it returns is called. */
  subscribe(listener: (up: boolean) => void): () => void {
    // A function of its own, so that two parents may pass the same one.
    const own = (up: boolean) => listener(up);
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }
}

/**
 * The health of a child whose parent has `healthCheck: {}`. Throws where the child has none: its
 * own configuration must enable healthCheck too.
 * Source: Traefik's pkg/server/service/service.go (RegisterStatusUpdater).
 */
export function healthOfChild(health: Health | null, child: string, parent: string): Health {
  if (health === null) {
    throw new Error(
      `cannot register ${child} as updater for ${parent}: healthCheck not enabled in config for this service`,
    );
  }
  return health;
}
