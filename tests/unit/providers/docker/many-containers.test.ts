import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../../../runtime/bun/bun-runtime.ts";
import type { DynamicConfiguration } from "../../../../src/config/dynamic/schema.ts";
import { staticSchema } from "../../../../src/config/static/schema.ts";
import type { Logger } from "../../../../src/core/logger.ts";
import { dockerProvider } from "../../../../src/providers/docker/docker-factories.ts";
import { DockerDouble } from "../../../support/servers/docker-double.ts";
import { waitFor } from "../../../support/wait-for.ts";

const labels = (id: string, path = "/") => ({
  "traefik.enable": "true",
  [`traefik.http.routers.${id}.rule`]: `Host(\`${id}.test\`) && PathPrefix(\`${path}\`)`,
  [`traefik.http.routers.${id}.middlewares`]: `${id}-strip`,
  [`traefik.http.middlewares.${id}-strip.stripprefix.prefixes`]: path,
  [`traefik.http.services.${id}.loadbalancer.server.port`]: "8080",
});

const idOf = (at: number) => `c${String(at).padStart(4, "0")}`;

async function run(double: DockerDouble) {
  const { docker } = staticSchema.parse({
    providers: { docker: { endpoint: double.endpoint, exposedByDefault: false } },
  }).providers;
  const nothing = () => {};
  const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing } as object;
  Object.assign(logger, { with: () => logger });
  const emitted: DynamicConfiguration[] = [];
  const provider = dockerProvider(docker!, {
    runtime: bunRuntime(),
    logger: logger as Logger,
    watch: true,
  });
  const stop = await provider.start(({ configuration }) => emitted.push(configuration));
  return {
    emitted,
    get http() {
      return emitted.at(-1)!.http!;
    },
    [Symbol.dispose]: stop,
  };
}

describe("a thousand containers", () => {
  test("are asked for once, and a change of one costs that one alone", async () => {
    using double = new DockerDouble();
    for (let at = 0; at < 1000; at++) double.containers.set(idOf(at), labels(idOf(at)));
    using running = await run(double);
    expect(Object.keys(running.http.routers!)).toHaveLength(1000);
    expect(double.inspected).toHaveLength(1000);
    const before = running.http;
    double.inspected.length = 0;
    double.containers.set("c0500", labels("c0500", "/new"));
    double.event("start", "c0500");
    await waitFor("the change", () => running.http.routers?.["c0500"]?.rule?.includes("/new"));
    expect(double.inspected).toEqual(["c0500"]);
    // What the others have is what they had: nothing of theirs was made again.
    for (const section of ["routers", "services", "middlewares"] as const)
      for (const [name, element] of Object.entries(running.http[section] ?? {}))
        expect(element === (before[section] as Record<string, unknown>)[name]).toBe(
          !name.startsWith("c0500"),
        );
  });

  test("that change all at once are looked at a few times, through a cut too", async () => {
    using double = new DockerDouble();
    for (let at = 0; at < 500; at++) double.containers.set(idOf(at), labels(idOf(at)));
    using running = await run(double);
    const all = (path: string) =>
      waitFor(`all to have ${path}`, () => {
        const rules = Object.values(running.http.routers ?? {}).map(({ rule }) => rule ?? "");
        return rules.length === double.containers.size && rules.every((r) => r.includes(path));
      });
    const burst = (path: string) => {
      for (const id of double.containers.keys()) {
        double.containers.set(id, labels(id, path));
        for (const action of ["kill", "die", "stop", "start", "restart"]) double.event(action, id);
      }
    };
    burst("/first");
    await all("/first");
    expect(running.emitted.length).toBeLessThan(20);
    burst("/second");
    double.cut();
    double.containers.delete("c0007");
    double.containers.set("c0003", labels("c0003", "/second"));
    await all("/second");
    expect(running.http.routers).not.toHaveProperty("c0007");
    burst("/third");
    await all("/third");
  });
});
