import type { Logger } from "../core/logger.ts";
import type { Runtime } from "../net/runtime.ts";
import type { Background } from "../services/http/handler/background.ts";
import { fetchHandlerService } from "../services/http/handler/fetch-handler.ts";
import { prepareModuleGlobals } from "../services/http/handler/module-globals.ts";
import { resolveVariables } from "../services/http/handler/variables.ts";
import type { LoadModule } from "../services/http/http-service.ts";

export interface ModuleLoaderOptions {
  readonly runtime: Pick<Runtime, "env" | "files" | "importModule">;
  readonly logger: Logger;
  readonly background: Background;
}

/** Loads modules of fetch handlers from the disk, with their variables. */
export function moduleLoader({ runtime, logger, background }: ModuleLoaderOptions): LoadModule {
  return async (module, version, variables) => {
    const info = await runtime.files.info(module);
    if (info?.isFile !== true) throw new Error(`module ${module}: there is no such file`);
    const env = await resolveVariables(variables, {
      env: runtime.env,
      readText: async (path) => new TextDecoder().decode(await runtime.files.read(path)),
    });
    prepareModuleGlobals();
    return fetchHandlerService(await runtime.importModule(module, version), {
      name: module,
      env,
      logger,
      background,
    });
  };
}
