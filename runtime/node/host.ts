import { hostname } from "node:os";
import process from "node:process";
import { isatty } from "node:tty";
import type { Codecs } from "../../src/core/codecs.ts";
import type { Runtime } from "../../src/net/runtime.ts";
import { DescriptorAppender } from "./append-file.ts";
import { nodeHttpClient } from "./clients/http-client.ts";
import { connectRedis } from "./clients/redis.ts";
import { connectZooKeeper } from "./clients/zookeeper.ts";
import { loadCodecs } from "./engine/codecs.ts";
import { nodeDiagnostics } from "./engine/diagnostics.ts";
import { durableFiles } from "./engine/durable-files.ts";
import { rsaKey } from "./engine/rsa-key.ts";
import { servedFiles } from "./engine/served-files.ts";
import { nodeFiles } from "./files.ts";
import { runCommand } from "./run-command.ts";
import { onUncaught } from "./uncaught.ts";

const STDOUT = 1;
const STDERR = 2;

/** The part of a Runtime that Node's API offers, and with it both of our runtimes. */
export function nodeHost(): Pick<
  Runtime,
  | "args"
  | "env"
  | "cwd"
  | "diagnostics"
  | "pid"
  | "durableFiles"
  | "servedFiles"
  | "files"
  | "stdout"
  | "stderr"
  | "isTerminal"
  | "onSignal"
  | "hostname"
  | "codecs"
  | "httpClient"
  | "lookup"
  | "redis"
  | "rsaKey"
  | "runCommand"
  | "zooKeeper"
  | "onUncaught"
  | "exit"
> {
  let codecs: Promise<Codecs> | undefined;
  return {
    args: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    diagnostics: nodeDiagnostics,
    pid: process.pid,
    durableFiles,
    servedFiles,
    files: nodeFiles,
    stdout: new DescriptorAppender(STDOUT),
    stderr: new DescriptorAppender(STDERR),
    isTerminal: isatty(STDOUT),
    onSignal(signal, callback) {
      // Node hands the signal's name to its listener: not the callback's business.
      const listener = () => callback();
      process.on(signal, listener);
      return () => {
        process.off(signal, listener);
      };
    },
    hostname,
    codecs: () => (codecs ??= loadCodecs()),
    httpClient: nodeHttpClient,
    redis: connectRedis,
    rsaKey,
    runCommand,
    zooKeeper: connectZooKeeper,
    async lookup(name) {
      const { lookup } = await import("node:dns/promises");
      return (await lookup(name, { all: true })).map(({ address }) => address);
    },
    onUncaught,
    exit: (code) => process.exit(code),
  };
}
