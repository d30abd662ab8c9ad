import { TCP_MIDDLEWARES } from "../../middlewares/tcp/table.ts";
import type {
  RunningTcpMiddleware,
  TcpMiddlewareTable,
} from "../../middlewares/tcp/tcp-middleware.ts";
import { providerOf } from "../../snapshot/names.ts";
import type { DisabledElement, TcpSnapshot } from "../../snapshot/snapshot.ts";
import { ElementBuilder, type Running } from "../element-builder.ts";
import type { ElementPorts } from "../element-ports.ts";
import { missing } from "../missing.ts";
import { planElement } from "../plan-element.ts";

/** Builds the TCP middlewares of a snapshot; each router's own of those that count something, as in Traefik. */
export class TcpMiddlewares {
  readonly builder: ElementBuilder<RunningTcpMiddleware>;
  private readonly snapshot: TcpSnapshot;

  constructor(
    snapshot: TcpSnapshot,
    disabled: readonly DisabledElement[],
    previous: ReadonlyMap<string, Running<RunningTcpMiddleware>>,
    { logger, deadlines, counters }: ElementPorts,
  ) {
    this.snapshot = snapshot;
    this.builder = new ElementBuilder<RunningTcpMiddleware>({
      kind: "TCP middleware",
      previous,
      plan: async (name, _, router) => {
        const configuration = snapshot.middlewares[name];
        if (configuration === undefined)
          throw missing(disabled, "tcpMiddleware", "TCP middleware", name);
        return planElement({
          table: TCP_MIDDLEWARES,
          configuration,
          label: `TCP middleware "${name}"`,
          noun: "kind",
          service: () => Promise.reject(new Error("TCP middlewares use no services")),
          context: () => ({
            name,
            provider: providerOf(name),
            router,
            logger: logger.with({ middlewareName: name }),
            deadlines,
            counters,
          }),
        });
      },
    });
  }

  /** The middleware of that qualified name, as `router` has it. Rejects with what is wrong with it. */
  get(name: string, router: string): Promise<Running<RunningTcpMiddleware>> {
    const { builder } = this;
    const configuration = this.snapshot.middlewares[name];
    const own =
      configuration === undefined
        ? builder.ranBefore(name, router)
        : (Object.keys(configuration) as (keyof TcpMiddlewareTable)[]).some(
            (kind) => TCP_MIDDLEWARES[kind]?.perRouter === true,
          );
    return builder.get(name, [], own ? router : "");
  }

  /** Builds those that no router uses, so that their errors show. */
  async buildUnused(): Promise<void> {
    const used = new Set(this.builder.names());
    for (const name of Object.keys(this.snapshot.middlewares))
      if (!used.has(name)) await this.get(name, "").catch(() => {});
  }
}
