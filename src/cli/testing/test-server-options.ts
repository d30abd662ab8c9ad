/** What a router for tests serves: a module, or a whole configuration. */
export interface TestServerOptions {
  /**
   * A module that gets every request: an object or a function as a module's default export is, or a
   * module's path. Not beside `configuration`.
   */
  readonly module?: unknown;
  /** Variables for the module's second argument. */
  readonly env?: Readonly<Record<string, string>>;
  /** A dynamic configuration as plain data, with Traefik's keys. */
  readonly configuration?: unknown;
  /** Modules instead of files, by the paths that `handler.module` names. */
  readonly modules?: Readonly<Record<string, unknown>>;
  /** A static configuration as plain data; its entrypoints stand beside `test`, which is the server's own. */
  readonly staticConfiguration?: Readonly<Record<string, unknown>>;
  /** What relative paths are relative to; the working directory where it isn't given. */
  readonly directory?: string;
}

/** A router that runs in this process, on a free port of 127.0.0.1. */
export interface TestServer extends AsyncDisposable {
  /** "http://127.0.0.1:PORT". */
  readonly url: string;
  readonly port: number;
  /** Lets what is in flight finish, a second at the most, and gives the port back. */
  close(): Promise<void>;
}
