import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { cacheOptions } from "./cache-options.ts";
import { Flights } from "./flights.ts";
import { freshnessJudge } from "./freshness.ts";
import { ResponseCache } from "./response-cache.ts";
import { CacheStore } from "./stores/cache-store.ts";
import { DiskStore } from "./stores/disk-store.ts";
import { Invalidations } from "./stores/invalidations.ts";
import { MemoryStore } from "./stores/memory-store.ts";

/**
 * `cache`, ours: keeps responses and gives them again, as a shared cache of RFC 9111 with RFC 5861's stale responses
 * and RFC 9211's Cache-Status. Each worker has a memory of its own, all share the files; what is kept goes on over a
 * reload that changes nothing of the middleware.
 */
export const cache: HttpMiddlewareKind<"cache"> = {
  async create(configured, { name, counters, deadlines, files, logger }) {
    const { workers, clock } = counters;
    const options = cacheOptions(configured, workers);
    const judge = await freshnessJudge(options);
    const invalidations = new Invalidations(counters, name);
    const memory = new MemoryStore(options.memoryBytes, options.maxVariants);
    const disk =
      options.disk === null
        ? null
        : new DiskStore({
            files,
            logger,
            directory: `${options.disk.path}/${encodeURIComponent(name)}`,
            budget: options.disk.bytes,
            maxObjectBytes: options.maxObjectBytes,
            workers,
            shape: JSON.stringify([options.key.query, configured.key?.queryParameters ?? []]),
            clock,
          });
    const store = new CacheStore(memory, disk, invalidations);
    const flights = new Flights(deadlines, options.collapseTimeout, clock);
    const responses = new ResponseCache({ options, store, flights, judge, clock });
    return {
      middleware: (next) => (request, exchange) => responses.handle(request, exchange, next),
      purge: (what) => store.purge(what),
      stop() {
        flights.stop();
        memory.clear();
      },
    };
  },
};
