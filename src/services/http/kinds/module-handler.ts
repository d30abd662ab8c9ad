import type { ElementInputs } from "../../../core/element-kind.ts";
import { isolatedService } from "../handler/isolated/isolated-service.ts";
import type { HttpServiceKind, ServiceInstances, ServiceModule } from "../http-service.ts";

interface Inputs extends ElementInputs {
  readonly module?: ServiceModule;
  readonly instances?: ServiceInstances | undefined;
}

/**
 * `handler` (Sluice's own): a fetch-handler module as a service, loaded anew when its file changes; in this process,
 * or in processes of its own.
 */
export const moduleHandler: HttpServiceKind<"handler", Inputs> = {
  async inputs({ module: path, env = {}, isolation, limits, kv }, context) {
    if (isolation === "process") {
      const instances = await context.instances(limits?.requestTimeout ?? 0);
      return { fingerprint: [instances?.sockets, instances?.transport.id], instances };
    }
    const module = context.module(path, { variables: env, kv });
    return { fingerprint: module.version, module };
  },
  async create(_, context, { module, instances }) {
    if (module === undefined) return isolatedService(context, instances);
    return { handler: context.answer(await module.load()), health: null, stop() {} };
  },
};
