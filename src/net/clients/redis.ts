import type { HttpClientTls } from "./http-client.ts";

/** Where a Redis server is, or several that know its place. */
export interface RedisOptions {
  /** host:port; with `sentinel`, those of the sentinels; with `cluster`, of some members. */
  readonly endpoints: readonly string[];
  readonly username: string;
  readonly password: string;
  readonly db: number;
  readonly tls?: HttpClientTls;
  /** The servers are a Redis Cluster. */
  readonly cluster?: boolean;
  readonly sentinel?: {
    readonly masterName: string;
    readonly username: string;
    readonly password: string;
  };
}

/** A connection to a Redis server (or one that speaks its protocol). */
export interface RedisConnection {
  /** Rejects with the server's error, or where the connection is gone. */
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** Calls back for each message on the channels that match. A connection that does this does nothing else. */
  subscribe(pattern: string, message: (channel: string) => void): Promise<void>;
  /** Resolves with the reason when the connection is gone. It doesn't come back by itself. */
  readonly lost: Promise<Error>;
  close(): void;
}
