import type { ElementInputs } from "../../../core/element-kind.ts";
import type { HttpServiceKind, ServiceModule } from "../http-service.ts";

interface Inputs extends ElementInputs {
  readonly module: ServiceModule;
}

/** `handler` (Sluice's own): a fetch-handler module as a service, loaded anew when its file changes. */
export const moduleHandler: HttpServiceKind<"handler", Inputs> = {
  inputs({ module: path, env = {} }, context) {
    const module = context.module(path, env);
    return { fingerprint: module.version, module };
  },
  async create(_, { answer }, { module }) {
    return { handler: answer(await module.load()), health: null, stop() {} };
  },
};
