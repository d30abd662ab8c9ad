import process from "node:process";
import type { Diagnostics } from "../../../src/net/runtime.ts";

/** What Node's API says of the engine, in both of our runtimes. Nothing is loaded before it is asked. */
export const nodeDiagnostics: Diagnostics = {
  async memory() {
    const { getHeapStatistics } = await import("node:v8");
    const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const heap = getHeapStatistics();
    return {
      Sys: rss,
      HeapSys: heapTotal,
      HeapAlloc: heapUsed,
      HeapLimit: heap.heap_size_limit,
      External: external,
      ArrayBuffers: arrayBuffers,
    };
  },
  async cpuProfile(milliseconds) {
    const { Session } = await import("node:inspector/promises");
    const session = new Session();
    session.connect();
    try {
      await session.post("Profiler.enable");
      await session.post("Profiler.start");
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      const { profile } = await session.post("Profiler.stop");
      return JSON.stringify(profile);
    } finally {
      session.disconnect();
    }
  },
};
