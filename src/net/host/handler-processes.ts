/** What a module may do, by the names of Deno's flags; "*" stands for all. What isn't named is denied. */
export type ModulePermissions = Readonly<Partial<Record<ModulePermission, readonly string[]>>>;

export type ModulePermission = "read" | "write" | "net" | "env" | "run" | "sys" | "ffi" | "import";

/** A process that serves one module on a unix socket. */
export interface HandlerProcessOptions {
  /** The module's file, absolute. The process works in its directory. */
  readonly module: string;
  /** What errors call it. */
  readonly name: string;
  /** Where it listens, absolute; in the private directory. Nothing may be there yet. */
  readonly socket: string;
  /** The whole environment that the process sees, and the variables of its `fetch`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly permissions: ModulePermissions;
  /** Bytes that it writes. */
  readonly output: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
  /** It has ended, or could not be started, and why. Called once; no output follows. */
  readonly ended: (reason: string) => void;
}

export interface HandlerProcess {
  /** 0 where it could not be started. */
  readonly pid: number;
  /** It takes no more connections, lets what is in flight finish, and ends. */
  drain(): void;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
}

/** Processes of modules. They end with this one, whatever its end is, and their directory with them. */
export interface HandlerProcesses {
  /** Why permissions can't be enforced; null where they are. */
  readonly withoutPermissions: string | null;
  /** A directory for sockets that only this user can look into, made at the first call. */
  directory(): Promise<string>;
  start(options: HandlerProcessOptions): HandlerProcess;
  /** Ends all processes that are left, and removes the directory. */
  close(): Promise<void>;
}
