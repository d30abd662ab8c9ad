import type { Runtime } from "../../src/net/runtime.ts";
import { nodeHost } from "../node/host.ts";
import { workerThread } from "../node/worker-thread.ts";
import { bunConnect, bunListen } from "./bun-sockets.ts";

/** Sluice on Bun. */
export function bunRuntime(): Runtime {
  return {
    ...nodeHost(),
    inWorker: workerThread(
      () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
    ),
    name: "bun",
    version: Bun.version,
    listen: bunListen,
    connect: bunConnect,
    releaseMemory() {
      Bun.gc(true);
      Bun.shrink();
    },
    // A path and not a file URL: Bun keeps one module for a URL, whatever its query says.
    importModule: (path, version) => import(`${path}?v=${encodeURIComponent(version)}`),
  };
}
