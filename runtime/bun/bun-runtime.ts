import type { Runtime } from "../../src/net/runtime.ts";
import { nodeHost } from "../node/host.ts";
import { nodeThreads } from "../node/threads/threads.ts";
import { workerThread } from "../node/threads/worker-thread.ts";
import { bunStartTls } from "./bun-handshake.ts";
import { bunConnect, bunListen } from "./bun-sockets.ts";
import { BunClientTls, BunServerTls } from "./bun-tls-context.ts";
import { openDatabase } from "./engine/database.ts";
import { bunListenHttp3 } from "./http3/bun-http3.ts";
import { bunHandlerProcesses } from "./isolation/bun-handler-processes.ts";
import { importModule } from "./modules/import-module.ts";
import {
  closeDescriptors,
  descriptorMemory,
  forbidSplicing,
  offerSplicing,
} from "./splice/splice-sockets.ts";
import { bunBindUdp } from "./udp/bun-udp.ts";

/** Sluice on Bun. */
export function bunRuntime(): Runtime {
  offerSplicing(
    () =>
      new Worker(new URL("./splice-worker.ts", import.meta.url), { type: "module", ref: false }),
  );
  return {
    ...nodeHost(),
    inWorker: workerThread(
      () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
    ),
    name: "bun",
    version: Bun.version,
    threads: nodeThreads(new URL("./plane.ts", import.meta.url), true, {
      create: descriptorMemory,
      ended: closeDescriptors,
    }),
    handlerProcesses: bunHandlerProcesses(new URL("./handler.ts", import.meta.url)),
    listen: bunListen,
    connect: bunConnect,
    serverTls: (options) => new BunServerTls(options),
    showsChallengeCertificates: true,
    clientTls: (options) => new BunClientTls(options),
    startTls: bunStartTls,
    bindUdp: bunBindUdp,
    openDatabase,
    listenHttp3: bunListenHttp3,
    forbidSplicing,
    // Not Bun.shrink: it throws compiled code away, and the next requests cost twice as much.
    releaseMemory: () => Bun.gc(true),
    importModule: (path, version) =>
      importModule(path, version, new URL("./bundled-packages.ts", import.meta.url)),
  };
}
