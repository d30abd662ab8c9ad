import { type Context, Hono } from "hono";
import { entryPointSchema } from "../config/static/entry-points.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import type { ControlRequest, ControlResponse } from "../internal/control-request.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { Status } from "../status/status.ts";
import { dashboardAnswer } from "./dashboard/dashboard.ts";
import { type ApiElement, elementsOf, type Plane, type Section } from "./elements.ts";
import { goJson } from "./go-json.ts";
import { goValue } from "./go-value.ts";
import { BadRequest, pageOf } from "./list.ts";

export interface ApiOptions {
  readonly configuration: StaticConfiguration;
  readonly status: Status;
  /** What active health checks have found to be down. */
  readonly down: () => readonly HealthVerdict[];
  readonly version: string;
  /** When the program started. */
  readonly startDate: Date;
}

const JSON_TYPE = { "Content-Type": "application/json" };

/** One name for each element in messages. */
const TITLES: Readonly<Record<Section, string>> = {
  routers: "router",
  services: "service",
  middlewares: "middleware",
};

const SECTIONS: readonly (readonly [Plane, readonly Section[]])[] = [
  ["http", ["routers", "services", "middlewares"]],
  ["tcp", ["routers", "services", "middlewares"]],
  ["udp", ["routers", "services"]],
];

/**
 * Traefik's API and the dashboard. GET alone; JSON in the words and the order of Traefik's.
 * Source: Traefik's pkg/api.
 */
export function createApi(
  options: ApiOptions,
): (request: ControlRequest) => Promise<ControlResponse> {
  const { configuration } = options;
  const elements = (plane: Plane, section: Section) =>
    elementsOf(options.status, options.down(), plane, section)!;
  const { api } = configuration;
  const basePath = (api?.basePath ?? "").replace(/\/+$/, "");
  const app = new Hono({ strict: true });

  app.get(`${basePath}/api/version`, (c) =>
    c.body(
      goJson({
        Version: options.version,
        Codename: "sluice",
        startDate: options.startDate.toISOString(),
        disableDashboardAd: api?.disableDashboardAd || undefined,
        dashboardName: api?.dashboardName || undefined,
      }).trimEnd(),
      200,
      { "Content-Type": "application/json; charset=UTF-8" },
    ),
  );
  app.get(`${basePath}/api/overview`, (c) => json(c, overview(configuration, elements)));
  app.get(`${basePath}/api/rawdata`, (c) => json(c, rawData(elements)));
  app.get(`${basePath}/api/entrypoints`, (c) =>
    list(
      c,
      Object.keys(configuration.entryPoints).map((name) => entryPoint(configuration, name)),
    ),
  );
  app.get(`${basePath}/api/entrypoints/:name`, (c) => {
    const name = c.req.param("name");
    return Object.hasOwn(configuration.entryPoints, name)
      ? json(c, entryPoint(configuration, name))
      : failure(c, 404, `entry point not found: ${name}`);
  });
  for (const [plane, sections] of SECTIONS) {
    for (const section of sections) {
      const path = `${basePath}/api/${plane}/${section}`;
      app.get(path, (c) => list(c, elements(plane, section)));
      app.get(`${path}/:name`, (c) => {
        const name = c.req.param("name");
        const element = elements(plane, section).find((one) => one.name === name);
        return element === undefined
          ? failure(c, 404, `${TITLES[section]} not found: ${name}`)
          : json(c, element);
      });
    }
  }
  app.get("*", (c) => {
    const { pathname } = new URL(c.req.url);
    const answer =
      api?.dashboard === false
        ? undefined
        : dashboardAnswer(pathname, basePath, c.req.header("x-forwarded-prefix") ?? "");
    return (
      answer ?? c.body("404 page not found\n", 404, { "Content-Type": "text/plain; charset=utf-8" })
    );
  });

  return async ({ method, url, headers }) => {
    if (method !== "GET") return { status: 405, headers: [], body: "" };
    const response = await app.fetch(new Request(url, { headers }));
    return {
      status: response.status,
      headers: [...response.headers].map(([name, value]) => [canonical(name), value]),
      body: await response.text(),
    };
  };
}

/** "content-type" is Content-Type, as Go's server writes it. */
function canonical(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

function json(c: Context, value: unknown): Response {
  return c.body(goJson(value), 200, JSON_TYPE);
}

function list(c: Context, elements: readonly ApiElement[]): Response {
  try {
    const page = pageOf(elements, new URL(c.req.url).searchParams);
    return c.body(goJson(page.elements), 200, { ...JSON_TYPE, "X-Next-Page": String(page.next) });
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    return failure(c, 400, error.message);
  }
}

/** As Go's http.Error sends it. */
function failure(c: Context, status: 400 | 404, message: string): Response {
  return c.body(goJson({ message }), status, {
    "Content-Type": "text/plain; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
  });
}

function entryPoint(configuration: StaticConfiguration, name: string): ApiElement {
  const shown = goValue(entryPointSchema, configuration.entryPoints[name]) as object;
  return { ...shown, name } as unknown as ApiElement;
}

type Elements = (plane: Plane, section: Section) => readonly ApiElement[];

function overview(configuration: StaticConfiguration, elements: Elements): unknown {
  const counts = (plane: Plane, section: Section) => {
    const all = elements(plane, section);
    const having = (wanted: string) => all.filter((one) => one.status === wanted).length;
    return { total: all.length, warnings: having("warning"), errors: having("disabled") };
  };
  const planes = SECTIONS.map(([plane, sections]) => [
    plane,
    Object.fromEntries(sections.map((section) => [section, counts(plane, section)])),
  ]);
  const providers = Object.keys(configuration.providers)
    .filter((name) => Object.hasOwn(TITLES_OF_PROVIDERS, name))
    .map((name) => TITLES_OF_PROVIDERS[name]);
  return {
    ...Object.fromEntries(planes),
    features: { tracing: "", metrics: "", accessLog: configuration.accessLog !== undefined },
    providers: providers.length === 0 ? undefined : providers.sort(),
  };
}

const TITLES_OF_PROVIDERS: Readonly<Record<string, string>> = {
  docker: "Docker",
  swarm: "Swarm",
  file: "File",
  consulCatalog: "ConsulCatalog",
  nomad: "Nomad",
  consul: "Consul",
  etcd: "Etcd",
  zooKeeper: "ZooKeeper",
  redis: "Redis",
  http: "HTTP",
};

/** Every element by its name, in Traefik's order of maps; empty ones are left out. */
function rawData(elements: Elements): unknown {
  const maps: [string, Plane, Section][] = [
    ["routers", "http", "routers"],
    ["middlewares", "http", "middlewares"],
    ["services", "http", "services"],
    ["tcpRouters", "tcp", "routers"],
    ["tcpMiddlewares", "tcp", "middlewares"],
    ["tcpServices", "tcp", "services"],
    ["udpRouters", "udp", "routers"],
    ["udpServices", "udp", "services"],
  ];
  return Object.fromEntries(
    maps.flatMap(([key, plane, section]) => {
      const all = elements(plane, section);
      if (all.length === 0) return [];
      const map = all.map(({ name, provider, type, priorityStr, ...rest }) => [name, rest]);
      return [[key, Object.fromEntries(map)]];
    }),
  );
}
