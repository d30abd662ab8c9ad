import type { Codecs } from "../core/codecs.ts";
import type { RunCommand } from "./clients/command.ts";
import type { HttpClient, HttpClientOptions } from "./clients/http-client.ts";
import type { RedisConnection, RedisOptions } from "./clients/redis.ts";
import type { ZooKeeperOptions, ZooKeeperSession } from "./clients/zookeeper.ts";
import type { Connection, ConnectionHandler, Listener } from "./connection.ts";
import type { OpenDatabase } from "./host/database.ts";
import type { DurableFiles } from "./host/durable-files.ts";
import type { HandlerProcesses } from "./host/handler-processes.ts";
import type { ServedFiles } from "./host/served-files.ts";
import type { Http3Handler, Http3Listener, Http3Options } from "./http3.ts";
import type { Threads } from "./threads.ts";
import type {
  ClientTlsContext,
  ClientTlsOptions,
  ServerTlsContext,
  ServerTlsOptions,
} from "./tls.ts";
import type { DatagramHandler, UdpOptions, UdpSocket } from "./udp/udp.ts";

export interface ListenOptions {
  /** Empty for all addresses, IPv6 and IPv4. */
  hostname: string;
  /** 0 lets the system choose. */
  port: number;
  /** Several processes share the port (SO_REUSEPORT). */
  reusePort?: boolean;
}

export interface ConnectOptions {
  /** A name, an address without brackets, or the absolute path of a unix socket. */
  hostname: string;
  /** Of no meaning for a unix socket. */
  port: number;
  /** Sent before anything else, in plain even where TLS follows. At most a few hundred bytes. */
  preface?: Uint8Array;
  /** A TLS handshake follows; `connected` comes behind it. A failed one is `failed`. */
  tls?: {
    readonly context: ClientTlsContext;
    /** For SNI and for the certificate's check; "" sends none and checks against `hostname`. */
    readonly serverName: string;
  };
}

/** Result of a handshake in the server role; exactly one of the two methods is called, once. */
export interface HandshakeHandler {
  /** Returns who gets the decrypted bytes. `connection.tls` says what was agreed on. */
  secured(connection: Connection): ConnectionHandler;
  /** The handshake failed, or the client went away; the connection is closed. */
  failed(error: Error): void;
}

/** Result of a dial; exactly one of the two methods is called, once. */
export interface DialHandler {
  /** Connected. Returns who gets the bytes. */
  connected(connection: Connection): ConnectionHandler;
  failed(error: Error): void;
}

/** A dial under way. `cancel` makes sure that neither of its handler's methods is called any more. */
export interface Dial {
  cancel(): void;
}

export interface FileInfo {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** The same for two paths to one file or directory, where the system says it. */
  readonly identity?: string;
}

/** An open file or standard stream that bytes are appended to, in order. */
export interface AppendFile {
  /** Queues the bytes; the array is the callee's from now on. */
  write(bytes: Uint8Array): void;
  /**
   * Writes the first `length` bytes before it returns, so that other processes see them. Where that
   * might wait for a slow reader (a pipe, a terminal), or something is queued, they are queued. The
   * array stays the caller's.
   */
  writeNow(bytes: Uint8Array, length: number): void;
  /** Resolves when everything queued has been handed to the system; rejects where bytes were lost. */
  flush(): Promise<void>;
  /** Told the error when bytes begin to be lost, and null when they are written again. */
  onTrouble: ((error: unknown) => void) | null;
  close(): Promise<void>;
}

/**
 * A file without a name, for bytes that are too many for the memory. It is gone when it is closed, and when
 * the process comes to its end, in whatever way.
 */
export interface TemporaryFile {
  /** Appends the bytes; the array is the callee's until the promise resolves. Rejects with the system's error. */
  write(bytes: Uint8Array): Promise<void>;
  /** Up to `length` bytes from `position` on; fewer only at the end. */
  read(position: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Stops whatever returned it. */
export type Stop = () => void;

export interface Files {
  /** The whole file. Throws an Error with `code` "ENOENT" where there is none. */
  read(path: string): Promise<Uint8Array>;
  /** Undefined where there is nothing at that path. Follows symbolic links. */
  info(path: string): Promise<FileInfo | undefined>;
  /** Names in a directory, sorted, without "." and "..". */
  list(path: string): Promise<string[]>;
  /** Opens for append, creating the file (mode 0600 where it is new) and the directories to it. */
  append(path: string): Promise<AppendFile>;
  /** Gives a file another name; one that has it already is replaced. Rejects with the system's error. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file. Rejects with the system's error. */
  remove(path: string): Promise<void>;
  /** Writes what a file has to another one, for the owner alone, in gzip's format. Rejects with the system's error. */
  gzip(from: string, to: string): Promise<void>;
  /**
   * Makes a file (mode 0600) of these parts, and the directories to it (mode 0700), in place of what has that
   * name: readers see all of it or nothing. A crash of the system may leave a mixture. Rejects with the system's error.
   */
  put(path: string, parts: readonly Uint8Array[]): Promise<void>;
  /** Makes an empty file in the system's directory for temporary files. Rejects with the system's error. */
  temporary(): Promise<TemporaryFile>;
  /**
   * Calls back after anything changes in the directory (not below it); the callback looks for
   * itself what changed. Throws where the directory can't be watched.
   */
  watch(directory: string, changed: () => void): Stop;
}

export type Signal = "SIGTERM" | "SIGINT" | "SIGUSR1" | "SIGHUP";

/** What a runtime tells of its engine, in this thread. */
export interface Diagnostics {
  /** Bytes, by Go's names where they mean the same. */
  memory(): Promise<Readonly<Record<string, number>>>;
  /** Samples what runs for so many milliseconds; in JSON, as Chromium's developer tools read it. */
  cpuProfile(milliseconds: number): Promise<string>;
}

/** Tasks for `Runtime.inWorker`, by name. The adapters load them in a thread of their own. */
export type WorkerTasks = Readonly<Record<string, (input: unknown) => unknown>>;

/** What Sluice needs of a runtime. The adapters in `runtime/` implement it; the conformance suite proves it. */
export interface Runtime {
  /** For logs: "bun" or "deno" with its version. */
  readonly name: string;
  readonly version: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory, absolute. */
  readonly cwd: string;
  readonly pid: number;
  readonly files: Files;
  readonly durableFiles: DurableFiles;
  readonly servedFiles: ServedFiles;
  readonly stdout: AppendFile;
  readonly stderr: AppendFile;
  /** Standard output is a terminal, where a person reads it. */
  readonly isTerminal: boolean;
  /**
   * Binds and accepts. `accepted` returns who gets the connection's bytes.
   * Rejects with the system's error (EADDRINUSE, EACCES, ...) and the address in its message.
   */
  listen(
    options: ListenOptions,
    accepted: (connection: Connection) => ConnectionHandler,
  ): Promise<Listener>;
  connect(options: ConnectOptions, handler: DialHandler): Dial;
  /** Throws an Error that names the option which can't be honoured, or is wrong: nothing is ignored. */
  serverTls(options: ServerTlsOptions): ServerTlsContext;
  clientTls(options: ClientTlsOptions): ClientTlsContext;
  /** Whether servers can show the certificates of TLS-ALPN-01, whose critical extension some TLS libraries refuse (RFC 8737). */
  readonly showsChallengeCertificates: boolean;
  /**
   * Starts a TLS handshake in the server role on an accepted connection and takes that connection
   * over; `early` is what was read of it (the ClientHello, at least its beginning). `cancel` resets
   * the connection and makes sure that neither of the handler's methods is called any more.
   */
  startTls(
    connection: Connection,
    context: ServerTlsContext,
    early: Uint8Array,
    handler: HandshakeHandler,
  ): Dial;
  /** Binds a UDP socket. Rejects as `listen` does. */
  bindUdp(options: UdpOptions, handler: DatagramHandler): Promise<UdpSocket>;
  /** Binds a UDP port for HTTP/3. Rejects as `listen` does. Undefined where the runtime has no HTTP/3. */
  listenHttp3?(options: Http3Options, handler: Http3Handler): Promise<Http3Listener>;
  /** From now on no connection is spliced (`Connection.splice`). Absent where none ever is. */
  forbidSplicing?(): void;
  /** All addresses of a name, as the system resolves it. Rejects where it has none. */
  lookup(name: string): Promise<readonly string[]>;
  /** Connects to a Redis server. Rejects where it can't. */
  redis(options: RedisOptions): Promise<RedisConnection>;
  /** Begins a session with ZooKeeper. Rejects where it can't. */
  zooKeeper(options: ZooKeeperOptions): Promise<ZooKeeperSession>;
  /** A client for the APIs of the control plane. Nothing is loaded or dialled before its first request. */
  httpClient(options: HttpClientOptions): HttpClient;
  /** Runs a program to its end, without a shell. */
  readonly runCommand: RunCommand;
  onSignal(signal: Signal, callback: () => void): Stop;
  /**
   * Loads a JavaScript or TypeScript module from an absolute path, afresh where `version` is new. Rejects
   * with an Error that says what is wrong, in which file, line and column.
   */
  importModule(path: string, version: string): Promise<Record<string, unknown>>;
  /**
   * Runs a task in another thread: what takes so long that it would hold up connections. Input and
   * output are plain data. Rejects with an Error of the task's message where it throws, and where
   * the thread comes to an end.
   */
  inWorker(task: string, input: unknown): Promise<unknown>;
  /** What this process knows of threads for data planes; not given in such a thread. */
  readonly threads?: Threads;
  /** Processes for modules. Nothing is made or started before the first one. */
  readonly handlerProcesses: HandlerProcesses;
  /** Nothing of SQLite is loaded before it is asked for. */
  readonly openDatabase: OpenDatabase;
  /** Makes an RSA key of so many bits, in PKCS #8. It takes seconds, and holds nothing up. */
  rsaKey(bits: number): Promise<Uint8Array>;
  /** What encodes bodies. Nothing is loaded before it is asked for. */
  codecs(): Promise<Codecs>;
  hostname(): string;
  readonly diagnostics: Diagnostics;
  /** Collects garbage and gives memory back to the system. Takes tens of milliseconds: for quiet moments. */
  releaseMemory?(): void;
  /**
   * Names who hears of errors that no code caught: what a connection's handler threw (its connection
   * has been reset), a listener's `accepted`, a promise. With or without a callback, a handler that
   * throws never ends the process; with one, neither does anything else.
   */
  onUncaught(callback: (error: unknown) => void): void;
  exit(code: number): never;
}
