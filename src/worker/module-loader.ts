import type { Logger } from "../core/logger.ts";
import type { Runtime } from "../net/runtime.ts";
import type { Background } from "../services/http/handler/background.ts";
import { fetchHandlerService } from "../services/http/handler/fetch-handler.ts";
import type { KvStores } from "../services/http/handler/kv/kv-stores.ts";
import { prepareModuleGlobals } from "../services/http/handler/module-globals.ts";
import { resolveVariables } from "../services/http/handler/variables.ts";
import type { LoadModule } from "../services/http/http-service.ts";

export interface ModuleLoaderOptions {
  readonly runtime: Pick<Runtime, "env" | "files" | "importModule">;
  readonly stores: KvStores;
  readonly logger: Logger;
  readonly background: Background;
}

/** Loads modules of fetch handlers from the disk, with their variables and stores. */
export function moduleLoader({
  runtime,
  stores,
  logger,
  background,
}: ModuleLoaderOptions): LoadModule {
  return async (module, version, { variables, kv }) => {
    const info = await runtime.files.info(module);
    if (info?.isFile !== true) throw new Error(`module ${module}: there is no such file`);
    const resolved = await resolveVariables(variables, {
      env: runtime.env,
      readText: async (path) => new TextDecoder().decode(await runtime.files.read(path)),
    });
    const env = kv === undefined ? resolved : { ...resolved, KV: await stores.namespace(kv) };
    prepareModuleGlobals();
    return fetchHandlerService(await runtime.importModule(module, version), {
      name: module,
      env,
      logger,
      background,
    });
  };
}
