import { Hono } from "hono";
import type { ResolverState } from "../acme/resolver/resolver-state.ts";
import { entryPointSchema } from "../config/static/entry-points.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import type { AskControl, ControlRequest, ControlResponse } from "../internal/control-request.ts";
import type { FunctionStates } from "../isolation/supervisor.ts";
import type { PutOutcome } from "../providers/rest/rest-provider.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { Events } from "../status/events.ts";
import type { Status } from "../status/status.ts";
import type { MetricsBook } from "../telemetry/metrics/metrics-book.ts";
import { failure, json, list } from "./answers.ts";
import { certificatesOf, type ListedCertificate } from "./certificates.ts";
import { type PurgeCache, purgeAnswer } from "./changes/cache-purge.ts";
import { type DrainServer, drainAnswer } from "./changes/server-drain.ts";
import { dashboardAnswer } from "./dashboard/dashboard.ts";
import { type DebugRuntime, debugRoutes } from "./debug.ts";
import { openApi } from "./document/openapi.ts";
import { type ApiElement, ElementLists, type Section } from "./elements.ts";
import { explainAnswer } from "./explain-answer.ts";
import { goJson } from "./go/go-json.ts";
import { goValue } from "./go/go-value.ts";
import { CERTIFICATE_RULES, ELEMENT_RULES } from "./list-rules.ts";
import { live } from "./live.ts";
import { overview, rawData, SECTIONS } from "./overview.ts";
import { RESOLVER_RULES, shownResolver, withResolvers } from "./resolvers.ts";
import { putConfiguration } from "./rest.ts";
import { anonymized, tarGz } from "./support-dump.ts";

export interface ApiOptions {
  /** Answers for `prometheus@internal`. */
  readonly scrape: () => Promise<ControlResponse>;
  readonly configuration: StaticConfiguration;
  readonly runtime: DebugRuntime;
  readonly status: Status;
  /** What active health checks have found to be down, and what is being emptied. */
  readonly down: () => readonly HealthVerdict[];
  /** The processes of functions, by the service's name. */
  readonly instances: () => FunctionStates;
  /** What all workers have counted; null where nothing is. */
  readonly book: MetricsBook | null;
  readonly events: Events;
  /** The REST provider's way in; undefined where it isn't configured. */
  readonly put?: ((text: string) => PutOutcome) | undefined;
  /** Answers authorities that look for HTTP-01. */
  readonly challenge: (request: ControlRequest) => Promise<ControlResponse>;
  /** What certificate resolvers have, and what they don't get. */
  readonly resolvers: () => readonly ResolverState[];
  /** Has a cache forget. */
  readonly purge: PurgeCache;
  /** Empties a server. */
  readonly drain: DrainServer;
  readonly version: string;
  /** When the program started. */
  readonly startDate: Date;
}

/** One name for each element in messages. */
const TITLES: Readonly<Record<Section, string>> = {
  routers: "router",
  services: "service",
  middlewares: "middleware",
};

/**
 * Traefik's API, the dashboard and the REST provider's endpoint. JSON in the words and the order of
 * Traefik's. Source: Traefik's pkg/api.
 */
export function createApi(options: ApiOptions): AskControl {
  const api = apiRoutes(options);
  return async (request) => {
    switch (request.service) {
      case "prometheus":
        return options.scrape();
      case "acme-http":
        return options.challenge(request);
      case "rest":
        return putConfiguration(request, options.put);
      case "dashboard":
        return answer(request, () => dashboardAnswer(pathOf(request), "", "", true) ?? notFound());
      case "api":
        if (request.method !== "GET" && options.configuration.api?.allowChanges === true) {
          const basePath = options.configuration.api.basePath.replace(/\/+$/, "");
          const drained = drainAnswer(request, basePath, options.drain);
          if (drained !== null) return drained;
          const purges = request.method === "DELETE";
          const purged = purges && (await purgeAnswer(request, basePath, options.purge));
          if (purged) return purged;
        }
        return answer(request, (native) => api.fetch(native));
    }
  };
}

/** GET alone; what may change something has been answered. */
async function answer(
  { method, url, headers }: ControlRequest,
  handler: (request: Request) => Response | Promise<Response>,
): Promise<ControlResponse> {
  // The REST provider's path is a service of its own, where there is one: no path of the API's.
  const foreign = method !== "GET" && new URL(url).pathname.includes("/api/providers/");
  if (method !== "GET" && !foreign) return { status: 405, headers: [], body: "" };
  const response = foreign ? notFound() : await handler(new Request(url, { headers }));
  const isText = !response.headers.get("content-type")?.startsWith("application/gzip");
  return {
    status: response.status,
    headers: [...response.headers].map(([name, value]) => [canonical(name), value]),
    body: isText ? await response.text() : new Uint8Array(await response.arrayBuffer()),
  };
}

function apiRoutes(options: ApiOptions): Hono {
  const { configuration, status } = options;
  const { api } = configuration;
  const basePath = (api?.basePath ?? "").replace(/\/+$/, "");
  const lists = new ElementLists(status, options.down, options.instances);
  const listed = certificateLists(status);
  const certificates = async () => withResolvers(await listed(), options.resolvers());
  const version = {
    Version: options.version,
    Codename: "sluice",
    startDate: options.startDate.toISOString(),
  };
  const app = new Hono({ strict: true }).basePath(basePath);

  app.get("/api/version", (c) =>
    c.body(
      goJson({
        ...version,
        disableDashboardAd: api?.disableDashboardAd || undefined,
        dashboardName: api?.dashboardName || undefined,
      }).trimEnd(),
      200,
      { "Content-Type": "application/json; charset=UTF-8" },
    ),
  );
  app.get("/api/explain", async (c) =>
    explainAnswer(c, {
      configuration,
      status,
      down: options.down(),
      certificates: await listed(),
    }),
  );
  app.get("/api/live", (c) =>
    options.book === null
      ? failure(c, 404, "nothing is counted: the dashboard is switched off, and so are metrics")
      : json(c, live(options.book, new URL(c.req.url).searchParams)),
  );
  app.get("/api/events", (c) => {
    const { reloads, health, errors } = options.events;
    return json(c, { reloads, health, errors });
  });
  app.get("/api/openapi.json", (c) => json(c, openApi(options.version, basePath)));
  app.get("/api/overview", async (c) =>
    json(c, await overview(configuration, lists, await certificates())),
  );
  app.get("/api/rawdata", async (c) => json(c, await rawData(lists)));
  app.get("/api/support-dump", async (c) => {
    const { Version, Codename, startDate } = version;
    const files = [
      ["version", { version: Version, codename: Codename, startDate }],
      ["static-config", anonymized(configuration)],
      ["runtime-config", await rawData(lists)],
    ] as const;
    const archive = await tarGz(
      files.map(([name, value]) => ({ name: `${name}.json`, text: goJson(value).trimEnd() })),
      Date.now(),
    );
    return c.body(archive as Uint8Array<ArrayBuffer>, 200, {
      "Content-Type": "application/gzip",
      "Content-Disposition": "attachment; filename=support-dump.tar.gz",
    });
  });
  app.get("/api/entrypoints", (c) =>
    list(
      c,
      Object.keys(configuration.entryPoints).map((name) => entryPoint(configuration, name)),
      ELEMENT_RULES,
    ),
  );
  app.get("/api/entrypoints/:name", (c) => {
    const name = c.req.param("name");
    return Object.hasOwn(configuration.entryPoints, name)
      ? json(c, entryPoint(configuration, name))
      : failure(c, 404, `entry point not found: ${name}`);
  });
  for (const [plane, sections] of SECTIONS) {
    for (const section of sections) {
      const path = `/api/${plane}/${section}`;
      app.get(path, async (c) => list(c, await lists.all(plane, section), ELEMENT_RULES));
      app.get(`${path}/:name`, async (c) => {
        const name = c.req.param("name");
        const element = await lists.find(plane, section, name);
        return element === undefined
          ? failure(c, 404, `${TITLES[section]} not found: ${name}`)
          : json(c, element);
      });
    }
  }
  app.get("/api/certificates", async (c) => list(c, await certificates(), CERTIFICATE_RULES));
  app.get("/api/certificates/:name", async (c) => {
    const name = c.req.param("name");
    const certificate = (await certificates()).find((one) => one.name === name);
    return certificate === undefined
      ? failure(c, 404, `certificate not found: ${name}`)
      : json(c, certificate);
  });
  app.get("/api/resolvers", (c) => list(c, options.resolvers().map(shownResolver), RESOLVER_RULES));
  app.get("/api/resolvers/:name", (c) => {
    const name = c.req.param("name");
    const state = options.resolvers().find((one) => one.name === name);
    return state === undefined
      ? failure(c, 404, `certificate resolver not found: ${name}`)
      : json(c, shownResolver(state));
  });
  if (api?.debug === true) app.route("/", debugRoutes(options.runtime));
  app.get("*", (c) => {
    const prefix = c.req.header("x-forwarded-prefix") ?? "";
    const found =
      api?.dashboard === false
        ? undefined
        : dashboardAnswer(new URL(c.req.url).pathname, basePath, prefix);
    return found ?? notFound();
  });
  app.notFound(notFound);
  return app;
}

/** The present certificates; read anew where the configuration is another, or a minute has gone by. */
function certificateLists(status: Status): () => Promise<readonly ListedCertificate[]> {
  let key = "";
  let listed: Promise<ListedCertificate[]> = Promise.resolve([]);
  return () => {
    const now = Date.now();
    const state = `${status.revision} ${Math.floor(now / 60_000)}`;
    if (state !== key) {
      key = state;
      listed =
        status.snapshot === undefined ? Promise.resolve([]) : certificatesOf(status.snapshot, now);
    }
    return listed;
  };
}

function pathOf({ url }: ControlRequest): string {
  return new URL(url).pathname;
}

function notFound(): Response {
  return new Response("404 page not found\n", {
    status: 404,
    headers: { "Content-Type": "text/plain; charset=utf-8" },
  });
}

/** "content-type" is Content-Type, as Go's server writes it. */
function canonical(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

function entryPoint(configuration: StaticConfiguration, name: string): ApiElement {
  const shown = goValue(entryPointSchema, configuration.entryPoints[name]) as object;
  return { ...shown, name } as unknown as ApiElement;
}
