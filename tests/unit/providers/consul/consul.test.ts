import { describe, expect, test } from "bun:test";
import { staticSchema } from "../../../../src/config/static/schema.ts";
import { consulCatalogProviders } from "../../../../src/providers/consul/consul-catalog-factory.ts";
import { consulProviders } from "../../../../src/providers/kv/store-factories.ts";
import type { Provider } from "../../../../src/providers/provider.ts";
import { ConsulDouble } from "../../../support/servers/consul-double.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { runProvider } from "../provider-scene.ts";

const configured = (providers: object) => staticSchema.parse({ providers }).providers;

function catalog(double: ConsulDouble, options: object = {}) {
  const configuration = configured({
    consulCatalog: { endpoint: { address: double.address, token: double.token }, ...options },
  }).consulCatalog!;
  return runProvider((context) => consulCatalogProviders(configuration, context)[0]);
}

describe("the Consul catalog", () => {
  test("is instances with their tags, those that are healthy and enabled", async () => {
    using double = new ConsulDouble();
    double.register(
      { id: "a1", service: "my_app", port: 80, tags: ["traefik.enable=true", "other"] },
      { id: "a2", service: "my_app", address: "10.0.0.9", port: 81 },
      { id: "a3", service: "my_app", port: 82, status: "critical" },
      { id: "b1", service: "off", port: 83, tags: ["traefik.enable=false"] },
    );
    using running = await catalog(double);
    await running.servers("my-app", "http://10.0.0.1:80", "http://10.0.0.9:81");
    expect(running.configuration?.http?.routers).toEqual({
      "my-app": { rule: "Host(`my-app`)", service: "my-app" },
    });
  });

  test("is watched by blocking queries, and looked at again after the agent was away", async () => {
    const double = new ConsulDouble();
    double.register({ id: "a1", service: "app", port: 80 });
    using running = await catalog(double, { watch: true });
    await running.servers("app", "http://10.0.0.1:80");
    double.register({ id: "a1", service: "app", port: 80 }, { id: "a2", service: "app", port: 81 });
    await running.servers("app", "http://10.0.0.1:80", "http://10.0.0.1:81");
    expect(double.asked.some((path) => /\/v1\/catalog\/services\?index=\d+&wait=/.test(path))).toBe(
      true,
    );
    double.stop();
    await waitFor("the loss to be said", () =>
      running.lines.some((line) => line.startsWith("error Lost")),
    );
    await running.servers("app", "http://10.0.0.1:80", "http://10.0.0.1:81");
  });

  test("without what is exposed by default, takes tags of its own prefix and constraints", async () => {
    using double = new ConsulDouble();
    double.register(
      { id: "a", service: "a", port: 1, tags: ["edge.enable=true", "blue"] },
      { id: "b", service: "b", port: 2, tags: ["edge.enable=true"] },
      { id: "c", service: "c", port: 3, tags: ["blue"] },
    );
    using running = await catalog(double, {
      prefix: "edge",
      exposedByDefault: false,
      constraints: "Tag(`blue`)",
    });
    await running.servers("a", "http://10.0.0.1:1");
    expect(Object.keys(running.configuration?.http?.services ?? {})).toEqual(["a"]);
    expect(double.asked.some((path) => path.startsWith("/v1/health/service/c"))).toBe(false);
  });

  test("sends its token, and says what the agent says", async () => {
    using double = new ConsulDouble();
    double.register({ id: "a", service: "a", port: 1 });
    double.token = "secret";
    using running = await catalog(double);
    await running.servers("a", "http://10.0.0.1:1");
    double.token = "another";
    using refused = await runProvider(
      (context) =>
        consulCatalogProviders(
          configured({ consulCatalog: { endpoint: { address: double.address, token: "old" } } })
            .consulCatalog!,
          context,
        )[0],
    );
    expect(refused.lines.join()).toContain("403: Permission denied");
  });

  test("leaves out an instance of Consul Connect by name", async () => {
    using double = new ConsulDouble();
    double.register(
      { id: "a", service: "a", port: 1, tags: ["traefik.consulcatalog.connect=true"] },
      { id: "b", service: "b", port: 2 },
    );
    using running = await catalog(double);
    await running.servers("b", "http://10.0.0.1:2");
    expect(running.lines.join()).toContain("Consul Connect");
    expect(running.configuration?.http?.services?.["a"]).toBeUndefined();
  });
});

describe("Consul's keys", () => {
  test("are watched; a root that is gone is an empty configuration", async () => {
    using double = new ConsulDouble();
    double.put({ "traefik/http/services/s/loadbalancer/servers/0/url": "http://one" });
    const configuration = configured({ consul: { endpoints: [double.address] } }).consul!;
    using running = await runProvider(
      (context) => (consulProviders(configuration, context) as readonly Provider[])[0],
    );
    await running.servers("s", "http://one");
    double.put({ "traefik/http/services/s/loadbalancer/servers/1/url": "http://two" });
    await running.servers("s", "http://one", "http://two");
    double.removeAll();
    await waitFor("nothing to be left", () => running.configuration?.http?.services === undefined);
  });
});
