export interface ZooKeeperOptions {
  /** host:port. */
  readonly endpoints: readonly string[];
  readonly username: string;
  readonly password: string;
}

/** A session with a ZooKeeper ensemble. */
export interface ZooKeeperSession {
  /**
   * A node's data and the names of its children; undefined where there is no such node. `changed` is
   * called once when either changes, or when the node comes or goes.
   */
  read(
    path: string,
    changed: () => void,
  ): Promise<{ readonly data: Uint8Array; readonly children: readonly string[] } | undefined>;
  /** Resolves with the reason when the session is gone. It doesn't come back by itself. */
  readonly lost: Promise<Error>;
  close(): void;
}
