import { expect, test } from "bun:test";
import { RestProvider } from "../../../src/providers/rest/rest-provider.ts";
import type { ProviderConfiguration } from "../../../src/snapshot/provider-configuration.ts";
import { consoleLogger } from "../../../src/telemetry/console-logger.ts";

const ROUTER = { rule: "Path(`/`)", service: "s@file" };

async function started() {
  const provider = new RestProvider(consoleLogger());
  const emitted: ProviderConfiguration[] = [];
  await provider.start((configuration) => emitted.push(configuration));
  return { provider, emitted, put: (value: unknown) => provider.put(JSON.stringify(value)) };
}

test("each configuration is emitted whole, and one without elements is not", async () => {
  const { emitted, put } = await started();
  put({ http: { routers: { a: ROUTER } } });
  for (const empty of [{}, { http: {} }, { http: { routers: {} }, tls: { certificates: [] } }]) {
    expect(put(empty)).toEqual({ value: empty });
  }
  put({ tls: { options: { strict: { sniStrict: true } } } });
  expect(emitted).toHaveLength(2);
  expect(Object.keys(emitted[0].configuration.http?.routers ?? {})).toEqual(["a"]);
  expect(emitted[1].configuration.tls?.options).toEqual({ strict: { sniStrict: true } });
});

test("an element with a mistake is disabled, a module refused", async () => {
  const { emitted, put } = await started();
  put({
    http: {
      routers: { a: { ...ROUTER, color: "red" } },
      services: { m: { handler: { module: "/x.ts" } } },
      middlewares: { p: { plugin: { x: { module: "/x.ts" } } } },
    },
  });
  expect(emitted[0].disabled.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    "router a",
    "service m",
    "middleware p",
  ]);
});

test.each(["", "{", "[]", "7", '{"http":{},"http":{}}'])("%p can't be read", async (text) => {
  const { provider, emitted } = await started();
  expect(provider.put(text)).toHaveProperty("error");
  expect(emitted).toEqual([]);
});

test("what was put before the start is emitted by it", async () => {
  const provider = new RestProvider(consoleLogger());
  provider.put(JSON.stringify({ http: { routers: { a: ROUTER } } }));
  const emitted: ProviderConfiguration[] = [];
  await provider.start((configuration) => emitted.push(configuration));
  expect(emitted).toHaveLength(1);
});
