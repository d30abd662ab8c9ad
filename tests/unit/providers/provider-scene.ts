import { bunRuntime } from "../../../runtime/bun/bun-runtime.ts";
import type { DynamicConfiguration } from "../../../src/config/dynamic/schema.ts";
import type { Logger } from "../../../src/core/logger.ts";
import type { Provider, ProviderContext } from "../../../src/providers/provider.ts";
import { waitFor } from "../../support/wait-for.ts";

/** A provider that runs, what it emitted last, and what it logged. */
export async function runProvider(make: (context: ProviderContext) => Provider) {
  const lines: string[] = [];
  const log =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      lines.push(`${level} ${message} ${Object.values(fields).join(" ")}`.trim());
    };
  const logger = {
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    with: () => logger,
  } as unknown as Logger;
  let last: DynamicConfiguration | undefined;
  const provider = make({ runtime: bunRuntime(), logger, watch: true });
  const stop = await provider.start(({ configuration }) => {
    last = configuration;
  });
  return {
    lines,
    get configuration() {
      return last;
    },
    /** Waits until what is served by a service is as wanted. */
    servers: (service: string, ...urls: readonly string[]) =>
      waitFor(`${service} to have ${urls}; there is ${JSON.stringify(last)}; ${lines}`, () => {
        const found = last?.http?.services?.[service]?.loadBalancer?.servers?.map(({ url }) => url);
        return JSON.stringify(found?.toSorted()) === JSON.stringify(urls.toSorted());
      }),
    [Symbol.dispose]: stop,
  };
}
