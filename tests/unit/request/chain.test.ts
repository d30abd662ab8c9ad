import { describe, expect, test } from "bun:test";
import { createPipeline } from "../../../src/embed/pipeline.ts";
import type { Middleware } from "../../../src/http/handler.ts";
import { DEFAULT_OBSERVABILITY, type Observability } from "../../../src/http/observability.ts";
import type { Observer } from "../../../src/telemetry/observer.ts";
import { silentLogger } from "../core/silent-logger.ts";

const logger = silentLogger();

/** An observer that notes where it was asked to watch, and what went by. */
function recorder() {
  const places: string[] = [];
  const passed: string[] = [];
  const seen: Observability[] = [];
  const noting =
    (name: string): Middleware =>
    (next) =>
    (request, exchange) => {
      passed.push(name);
      seen.push(exchange.observability);
      exchange.onFinish(({ status, router }) => passed.push(`${name} end ${status} ${router}`));
      return next(request, exchange);
    };
  const observer: Observer = {
    entryPoint(place) {
      const { entryPoint, observability, internal } = place;
      places.push(`entryPoint ${entryPoint} ${observability.metrics} ${internal}`);
      return observability.metrics ? noting("entryPoint") : null;
    },
    router({ router, rule, service, observability }) {
      places.push(`router ${router} ${rule} ${service} ${observability.metrics}`);
      return noting("router");
    },
    service({ service, serverUrl }) {
      places.push(`service ${service} ${serverUrl}`);
      return noting("service");
    },
  };
  return { observer, places, passed, seen };
}

const configuration = {
  http: {
    routers: {
      app: { rule: "PathPrefix(`/app`)", service: "app", middlewares: ["mark"] },
      quiet: {
        rule: "PathPrefix(`/quiet`)",
        service: "app",
        observability: { metrics: false, traceVerbosity: "detailed" },
      },
      broken: { rule: "PathPrefix(`/broken`)", service: "broken" },
    },
    middlewares: { mark: { headers: { customRequestHeaders: { "X-Mark": "here" } } } },
    services: {
      app: { handler: { module: "app" } },
      broken: { handler: { module: "broken" } },
    },
  },
};

async function start(observers: readonly Observer[]) {
  const marks: (string | null)[] = [];
  const pipeline = await createPipeline({
    logger,
    configuration,
    observers,
    modules: {
      app: (request) => {
        marks.push(request.headers.get("x-mark"));
        return new Response("app");
      },
      broken: () => {
        throw new Error("broken");
      },
    },
  });
  expect([pipeline.issues, pipeline.disabled]).toEqual([[], []]);
  const ask = async (path: string) =>
    (await pipeline.fetch(new Request(`http://a.test${path}`))).status;
  return { ask, marks };
}

describe("observers", () => {
  test("are asked once for each place when the graph is compiled, and never again", async () => {
    const { observer, places } = recorder();
    const { ask } = await start([observer]);
    const asked = [...places].sort();
    expect(asked).toEqual([
      "entryPoint fetch false false",
      "entryPoint fetch true false",
      "entryPoint fetch true false",
      "entryPoint fetch true false",
      "router app@pipeline PathPrefix(`/app`) app@pipeline true",
      "router broken@pipeline PathPrefix(`/broken`) broken@pipeline true",
      "router quiet@pipeline PathPrefix(`/quiet`) app@pipeline false",
      "service app@pipeline ",
      "service broken@pipeline ",
    ]);
    await ask("/app");
    await ask("/nothing");
    expect([...places].sort()).toEqual(asked);
  });

  test("see a request from outside to inside, and its end with the router's name", async () => {
    const { observer, passed } = recorder();
    const { ask, marks } = await start([observer]);
    expect(await ask("/app")).toBe(200);
    expect(passed.slice(0, 3)).toEqual(["entryPoint", "router", "service"]);
    expect(passed.slice(3).sort()).toEqual(
      ["entryPoint", "router", "service"].map((name) => `${name} end 200 app@pipeline`),
    );
    expect(marks).toEqual(["here"]);
  });

  test("of the entrypoint see what no router takes, and what a handler threw as its 500", async () => {
    const { observer, passed } = recorder();
    const { ask } = await start([observer]);
    expect(await ask("/nothing")).toBe(404);
    expect(passed).toEqual(["entryPoint", "entryPoint end 404 "]);
    passed.length = 0;
    expect(await ask("/broken")).toBe(500);
    expect(passed).toContain("entryPoint end 500 broken@pipeline");
  });

  test("a place that gives no link has none, and services hear what their router says", async () => {
    const { observer, passed, seen } = recorder();
    const { ask } = await start([observer]);
    await ask("/quiet");
    expect(passed.filter((name) => !name.includes("end"))).toEqual(["router", "service"]);
    expect(seen.at(-1)).toEqual({
      ...DEFAULT_OBSERVABILITY,
      metrics: false,
      traceVerbosity: "detailed",
    });
    seen.length = 0;
    await ask("/app");
    expect(seen.at(-1)).toEqual(DEFAULT_OBSERVABILITY);
  });
});
