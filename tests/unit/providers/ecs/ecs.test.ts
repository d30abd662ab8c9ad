import { describe, expect, test } from "bun:test";
import { staticSchema } from "../../../../src/config/static/schema.ts";
import { ecsProvider } from "../../../../src/providers/ecs/ecs-factory.ts";
import { EcsDouble } from "../../../support/servers/ecs-double.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { runProvider } from "../provider-scene.ts";

/** Looks every 20 ms. */
async function ecs(double: EcsDouble, options: object = {}, env: object = {}) {
  const { ecs } = staticSchema.parse({ providers: { ecs: options } }).providers;
  return runProvider((context) =>
    ecsProvider(
      { ...ecs!, refreshSeconds: 20 },
      { ...context, runtime: { ...context.runtime, env: { ...double.env, ...env } } },
    ),
  );
}

const app = (labels: Record<string, string> = {}, ports: Record<number, number> = { 80: 80 }) => ({
  name: "app",
  labels,
  ports,
});

describe("ECS", () => {
  test("is the containers of tasks, with their own addresses or their machines'", async () => {
    using double = new EcsDouble();
    double.machines.set("i-1", "10.0.0.1").set("i-2", "10.0.0.2");
    double.clusters.set("default", [
      { id: "task-0000000a", group: "service:web", address: "10.1.0.1", containers: [app()] },
      { id: "task-0000000b", group: "service:web", address: "10.1.0.2", containers: [app()] },
      {
        id: "task-0000000c",
        group: "service:api",
        machine: "i-1",
        containers: [app({}, { 8080: 32768, 9090: 32769 })],
      },
      {
        id: "task-0000000d",
        group: "service:named",
        machine: "i-2",
        containers: [
          app(
            { "traefik.http.services.s.loadbalancer.server.port": "9090" },
            { 8080: 32770, 9090: 32771 },
          ),
        ],
      },
    ]);
    using running = await ecs(double);
    await running.servers("service-web-app", "http://10.1.0.1:80", "http://10.1.0.2:80");
    await running.servers("service-api-app", "http://10.0.0.1:32768");
    await running.servers("s", "http://10.0.0.2:32771");
    expect(running.configuration?.http?.routers?.["service-web-app"]).toEqual({
      rule: "Host(`service-web-app`)",
      service: "service-web-app",
    });
  });

  test("leaves out what doesn't run, isn't healthy, isn't enabled, or has a wrong label", async () => {
    using double = new EcsDouble();
    double.machines.set("i-1", "10.0.0.1");
    const task = (id: string, more: object, labels?: Record<string, string>) => ({
      id: `task-0000${id}`,
      group: `service:${id}`,
      address: "10.1.0.1",
      containers: [app(labels)],
      ...more,
    });
    double.clusters.set("default", [
      task("good", {}, { "traefik.enable": "true", tier: "x" }),
      task("pending", { status: "PENDING" }),
      task("sick", { health: "UNHEALTHY" }),
      task("stopped", { address: undefined, machine: "i-9" }),
      task("disabled", {}, { "traefik.enable": "false" }),
      task("unsure", {}, { "traefik.enable": "perhaps" }),
      task("wrong", {}, { "traefik.http.routers.r.rulle": "x" }),
      task("outside", {}, { tier: "y" }),
    ]);
    using running = await ecs(double, { constraints: "!Label(`tier`, `y`)" });
    await running.servers("service-good-app", "http://10.1.0.1:80");
    expect(Object.keys(running.configuration?.http?.services ?? {})).toEqual(["service-good-app"]);
    const lines = running.lines.join("\n");
    expect(lines).toMatch(/debug The container is left out: it doesn't run .*pending app/);
    expect(lines).toMatch(/debug The container is left out: it is not healthy .*sick app/);
    expect(lines).toMatch(/error The container is left out: .*perhaps/);
    expect(lines).toMatch(/error The instance is left out .*unknown key/);
    using healthy = await ecs(double, { healthyTasksOnly: true });
    expect(healthy.configuration?.http?.services ?? {}).toEqual({});
    using hidden = await ecs(double, { exposedByDefault: false });
    expect(Object.keys(hidden.configuration?.http?.services ?? {})).toEqual(["service-good-app"]);
  });

  test("follows changes, and keeps what there was while the service is away or broken", async () => {
    const double = new EcsDouble();
    const set = (address: string) =>
      double.clusters.set("default", [{ id: "task-0000000a", address, containers: [app()] }]);
    set("10.1.0.1");
    double.stop();
    using running = await ecs(double);
    expect(running.configuration).toBeUndefined();
    double.start();
    using _ = double;
    const name = "service-task-0000000a-app";
    await running.servers(name, "http://10.1.0.1:80");
    set("10.1.0.2");
    await running.servers(name, "http://10.1.0.2:80");
    for (const broken of [
      new Response("<html>", { status: 503 }),
      new Response("not json"),
      Response.json({ __type: "ThrottlingException", message: "Rate exceeded" }, { status: 400 }),
    ]) {
      const { length } = running.lines;
      double.broken = broken;
      await waitFor("the loss to be said", () =>
        running.lines.slice(length).some((line) => line.includes("the connection to Amazon ECS")),
      );
      expect(running.configuration?.http?.services?.[name]).toBeDefined();
      double.broken = undefined;
      set("10.1.0.3");
      await running.servers(name, "http://10.1.0.3:80");
      set("10.1.0.2");
      await running.servers(name, "http://10.1.0.2:80");
    }
  });

  test("has pages, many clusters, and machines outside of AWS", async () => {
    using double = new EcsDouble();
    const many = Array.from({ length: 250 }, (_, at) => ({
      id: `task-${String(at).padStart(8, "0")}`,
      group: "service:many",
      address: `10.2.${Math.floor(at / 250)}.${at}`,
      containers: [app()],
    }));
    double.clusters.set("a", many);
    double.machines.set("mi-1", "192.0.2.1");
    double.clusters.set("b", [
      { id: "task-0000000b", group: "service:far", machine: "mi-1", containers: [app()] },
    ]);
    using running = await ecs(double, { autoDiscoverClusters: true, ecsAnywhere: true });
    await running.servers("service-far-app", "http://192.0.2.1:80");
    const servers = running.configuration?.http?.services?.["service-many-app"]?.loadBalancer;
    expect(servers?.servers).toHaveLength(250);
    // A definition is asked for once.
    expect(double.asked.filter((action) => action === "DescribeTaskDefinition")).toHaveLength(1);
    using near = await ecs(double, { clusters: ["b"] });
    expect(near.configuration?.http?.services ?? {}).toEqual({});
  });

  test("takes credentials and region from the configuration, and shows no secret", async () => {
    using double = new EcsDouble();
    double.clusters.set("default", []);
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = double.env;
    const none = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_REGION: "", HOME: "/x" };
    const given = {
      region: "eu-west-1",
      accessKeyID: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
    };
    using running = await ecs(double, given, none);
    expect(running.configuration).toBeDefined();
    double.secret = "another";
    using refused = await ecs(double, given, none);
    await waitFor("the refusal", () =>
      refused.lines.some((line) => line.includes("403 InvalidSignatureException")),
    );
    expect(refused.lines.join()).not.toContain(AWS_SECRET_ACCESS_KEY);
    await expect(ecs(double, { accessKeyID: "x" })).rejects.toThrow("found one of them");
    const nowhere = { ...none, AWS_EC2_METADATA_DISABLED: "true" };
    using lost = await ecs(double, {}, nowhere);
    expect(lost.lines.join()).toContain("expected an AWS region");
  });
});
