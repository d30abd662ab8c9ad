import { pathToFileURL } from "node:url";
import type { Runtime } from "../../src/net/runtime.ts";
import { upgradeWebSocket } from "../../src/services/http/handler/web-socket/web-socket-response.ts";
import { nodeHost } from "../node/host.ts";
import { moduleError } from "../node/modules/module-error.ts";
import { nodeConnect, nodeListen } from "../node/node-sockets.ts";
import { nodeThreads } from "../node/threads/threads.ts";
import { workerThread } from "../node/threads/worker-thread.ts";
import { nodeStartTls } from "../node/tls/node-handshake.ts";
import { NodeClientTls, NodeServerTls } from "../node/tls/node-tls-context.ts";
import { nodeBindUdp } from "../node/udp/node-udp.ts";
import { openDatabase } from "./engine/database.ts";
import { denoHandlerProcesses } from "./isolation/deno-handler-processes.ts";
import { followVersions } from "./modules/follow-versions.ts";

/**
 * Sluice on Deno, by way of node:net: unlike Deno.Conn it can reset a connection, it says how much
 * of a write the system took, and it shares ports without an unstable flag.
 *
 * Deno opens its debugger on 127.0.0.1:9229 when the process gets SIGUSR1, whatever listens for the
 * signal, and has no way to forbid it.
 */
export function denoRuntime(): Runtime {
  return {
    ...nodeHost(),
    inWorker: workerThread(
      () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
    ),
    name: "deno",
    version: Deno.version.deno,
    args: Deno.args,
    threads: nodeThreads(new URL("./plane.ts", import.meta.url), false),
    handlerProcesses: denoHandlerProcesses(),
    listen: nodeListen,
    connect: nodeConnect,
    serverTls: (options) => new NodeServerTls(options),
    showsChallengeCertificates: false,
    clientTls: (options) => new NodeClientTls(options),
    startTls: nodeStartTls,
    bindUdp: nodeBindUdp,
    openDatabase,
    async importModule(path, version) {
      // Modules get requests of Sluice's own, which Deno's knows nothing of.
      Deno.upgradeWebSocket = ((_request: Request, options?: { protocol?: string }) =>
        upgradeWebSocket(options)) as unknown as typeof Deno.upgradeWebSocket;
      followVersions();
      const url = pathToFileURL(path);
      url.searchParams.set("v", version);
      try {
        return await import(url.href);
      } catch (error) {
        throw moduleError(error, path, []);
      }
    },
  };
}
