import { z } from "zod";
import { API_SCHEMAS, type ApiSchemaName } from "./schemas.ts";

/** An endpoint of the API. */
export interface Endpoint {
  /** Below `basePath`; `{name}` stands for an element's name. */
  readonly path: string;
  readonly summary: string;
  readonly schema: ApiSchemaName;
  /** A list in pages; the values of `sortBy` besides "name". */
  readonly sortedBy?: readonly string[];
  /** Further keys of its query. */
  readonly query?: Readonly<Record<string, string>>;
}

const ROUTER_ORDERS = ["provider", "priority", "status", "rule", "service", "entryPoints"];
const SERVICE_ORDERS = ["type", "servers", "provider", "status"];
const MIDDLEWARE_ORDERS = ["type", "provider", "status"];

/** The endpoints that answer in JSON. */
export const ENDPOINTS: readonly Endpoint[] = [
  { path: "/api/version", summary: "The program", schema: "Version" },
  { path: "/api/overview", summary: "How much there is of what", schema: "Overview" },
  {
    path: "/api/explain",
    summary: "What a request would meet, and what would have to change (ours)",
    schema: "Explanation",
    query: {
      url: "http or https; the port says which entrypoint",
      method: "GET where it isn't given",
      header: "Name: value; may be repeated",
      ip: "the client's address, 127.0.0.1 where it isn't given",
      entryPoint: "instead of the URL's port",
      limit: "of the routers that don't match, 20 where it isn't given",
    },
  },
  {
    path: "/api/live",
    summary: "What all workers have counted since the start; two answers make a rate (ours)",
    schema: "Live",
    query: {
      kind: "router, service or server: these besides the entrypoints",
      name: "of what is asked for, for servers of their service; may be repeated",
      top: "instead: that many with the most requests",
    },
  },
  {
    path: "/api/events",
    summary: "The last reloads, changes of health, and errors, newest first (ours)",
    schema: "Events",
  },
  { path: "/api/rawdata", summary: "Every element at once", schema: "RawData" },
  ...listed("entrypoints", "Entrypoints", "EntryPoint", []),
  ...["http", "tcp", "udp"].flatMap((plane) => [
    ...listed(`${plane}/routers`, `Routers of ${plane.toUpperCase()}`, "Router", ROUTER_ORDERS),
    ...listed(`${plane}/services`, `Services of ${plane.toUpperCase()}`, "Service", SERVICE_ORDERS),
    ...(plane === "udp"
      ? []
      : listed(
          `${plane}/middlewares`,
          `Middlewares of ${plane.toUpperCase()}`,
          "Middleware",
          MIDDLEWARE_ORDERS,
        )),
  ]),
  ...listed("certificates", "Certificates", "Certificate", ["status", "issuer", "validUntil"]),
  ...listed("resolvers", "Certificate resolvers (ours)", "Resolver", ["status", "failed"]),
];

function listed(
  path: string,
  summary: string,
  schema: ApiSchemaName,
  sortedBy: readonly string[],
): Endpoint[] {
  return [
    { path: `/api/${path}`, summary, schema, sortedBy },
    { path: `/api/${path}/{name}`, summary: `${summary}: one`, schema },
  ];
}

const QUERY: Readonly<Record<string, string>> = {
  page: "from 1",
  per_page: "100 where it isn't given",
  search: "a part of the name or the rule, in any case",
  status: "enabled, warning or disabled",
  direction: "asc or desc",
};

/** The OpenAPI document (3.1) of the API, as it is served. */
export function openApi(version: string, basePath: string): unknown {
  const schemas = Object.entries(API_SCHEMAS).map(([name, schema]) => [
    name,
    z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }),
  ]);
  const paths = ENDPOINTS.map((endpoint) => [
    `${basePath}${endpoint.path}`,
    { get: operation(endpoint) },
  ]);
  return {
    openapi: "3.1.0",
    info: { title: "Sluice", version, description: "Traefik's API, and what Sluice adds to it." },
    paths: {
      ...Object.fromEntries(paths),
      [`${basePath}/api/support-dump`]: {
        get: {
          summary: "The version and both configurations, for a report",
          responses: {
            "200": { description: "a tar archive", content: { "application/gzip": {} } },
          },
        },
      },
      [`${basePath}/api/http/middlewares/{name}/cache`]: {
        delete: {
          summary: "Has a cache forget what it stored (ours, with api.allowChanges)",
          parameters: [
            { name: "name", in: "path", required: true, schema: { type: "string" } },
            ...["url", "prefix"].map((name) => ({
              name,
              in: "query",
              description: "this URL alone, or all that begin so; everything without both",
              schema: { type: "string" },
            })),
          ],
          responses: { "200": { description: "how many responses these were" } },
        },
      },
      [`${basePath}/api/http/services/{name}/servers/drain`]: Object.fromEntries(
        [
          ["put", "A server gets no new requests (ours, with api.allowChanges)"],
          ["delete", "A server gets requests again (ours, with api.allowChanges)"],
        ].map(([method, summary]) => [
          method,
          {
            summary,
            parameters: [
              { name: "name", in: "path", required: true, schema: { type: "string" } },
              { name: "url", in: "query", required: true, schema: { type: "string" } },
              { name: "sticky", in: "query", schema: { type: "boolean" } },
            ],
            responses: { "200": { description: "the server, and whether it drains" } },
          },
        ]),
      ),
      "/api/providers/rest": {
        put: {
          summary: "Replaces the REST provider's configuration (rest@internal)",
          requestBody: { content: { "application/json": reference("DynamicConfiguration") } },
          responses: {
            "200": {
              description: "the configuration as it was read",
              content: { "application/json": reference("DynamicConfiguration") },
            },
            "400": { description: "what can't be read", content: { "text/plain": {} } },
          },
        },
      },
    },
    components: { schemas: Object.fromEntries(schemas) },
  };
}

function operation({ path, summary, schema, sortedBy, query = {} }: Endpoint): unknown {
  const parameters = [
    ...(path.includes("{name}") ? [{ name: "name", in: "path", required: true, ...TEXT }] : []),
    ...Object.entries({ ...(sortedBy && QUERY), ...query }).map(([name, description]) => ({
      name,
      in: "query",
      description,
      ...TEXT,
    })),
    ...(sortedBy === undefined
      ? []
      : [{ name: "sortBy", in: "query", schema: { enum: ["name", ...sortedBy] } }]),
  ];
  const content = reference(schema).schema;
  return {
    summary,
    parameters,
    responses: {
      "200": {
        description: summary,
        content: {
          "application/json": {
            schema: sortedBy === undefined ? content : { type: "array", items: content },
          },
        },
        ...(sortedBy && {
          headers: {
            "X-Next-Page": { description: "1 where there is none", schema: { type: "integer" } },
            "X-Total-Count": { description: "on all pages (ours)", schema: { type: "integer" } },
          },
        }),
      },
      ...(parameters.length > 0 && {
        default: {
          description: "what is wrong with the request",
          content: { "text/plain": reference("Failure") },
        },
      }),
    },
  };
}

const TEXT = { schema: { type: "string" } };

function reference(name: ApiSchemaName): { readonly schema: unknown } {
  return { schema: { $ref: `#/components/schemas/${name}` } };
}
