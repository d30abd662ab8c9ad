import type { Logger } from "../core/logger.ts";
import type { Runtime } from "../net/runtime.ts";
import type { Background } from "../services/http/handler/background.ts";
import { fetchHandlerService } from "../services/http/handler/fetch-handler.ts";
import type { KvStores } from "../services/http/handler/kv/kv-stores.ts";
import { prepareModuleGlobals } from "../services/http/handler/module-globals.ts";
import { runScheduled, type ScheduledRun } from "../services/http/handler/scheduled-run.ts";
import { resolveVariables } from "../services/http/handler/variables.ts";
import type { LoadModule, ModuleBindings } from "../services/http/http-service.ts";

export interface ModuleLoaderOptions {
  readonly runtime: Pick<Runtime, "env" | "files" | "importModule">;
  readonly stores: KvStores;
  readonly logger: Logger;
  readonly background: Background;
}

/** What a data plane does with modules. */
export interface ModuleLoader {
  /** Loads modules of fetch handlers from the disk, with their variables and stores. */
  readonly load: LoadModule;
  /** Calls `scheduled` of a module. */
  readonly runScheduled: (run: ScheduledRun) => Promise<void>;
}

export function moduleLoader(options: ModuleLoaderOptions): ModuleLoader {
  const { runtime, stores, logger, background } = options;
  const env = async ({ variables, kv }: ModuleBindings) => {
    const resolved = await resolveVariables(variables, {
      env: runtime.env,
      readText: async (path) => new TextDecoder().decode(await runtime.files.read(path)),
    });
    return kv === undefined ? resolved : { ...resolved, KV: await stores.namespace(kv) };
  };
  const imported = async (module: string, version: string) => {
    const info = await runtime.files.info(module);
    if (info?.isFile !== true) throw new Error(`module ${module}: there is no such file`);
    prepareModuleGlobals();
    return runtime.importModule(module, version);
  };
  return {
    async load(module, version, bindings) {
      const loaded = await imported(module, version);
      return fetchHandlerService(loaded, {
        name: module,
        env: await env(bindings),
        logger,
        background,
      });
    },
    runScheduled: (run) =>
      // The same module as that of the requests: runtimes keep one for each version.
      runScheduled(run, {
        load: () => imported(run.module, run.version),
        env: () => env(run),
        logger,
        background,
      }),
  };
}
