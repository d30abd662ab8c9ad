import { validateDynamic } from "../../../src/config/dynamic/validate.ts";
import { parseYaml } from "../../../src/config/sources/yaml/parse-yaml.ts";
import { staticSchema } from "../../../src/config/static/schema.ts";
import { explain, type World } from "../../../src/explain/explain.ts";
import { readExplainQuery } from "../../../src/explain/explain-query.ts";
import { DEFAULT_OBSERVABILITY } from "../../../src/http/observability.ts";
import { aggregate } from "../../../src/snapshot/aggregate.ts";
import type { DisabledElement } from "../../../src/snapshot/snapshot.ts";
import { Status } from "../../../src/status/status.ts";

/** A world of a dynamic configuration in YAML, with entrypoints web (:80) and websecure (:443). */
export function worldOf(
  dynamic: string,
  disabled: readonly DisabledElement[] = [],
  more: Partial<World> = {},
): World {
  const { configuration, disabled: refused } = validateDynamic(parseYaml(dynamic, "test.yml"));
  const models = ["web", "websecure"].map((name) => ({
    name,
    asDefault: false,
    middlewares: [],
    observability: DEFAULT_OBSERVABILITY,
  }));
  const snapshot = aggregate(1, [{ provider: "file", configuration, disabled: refused }], models);
  const status = new Status();
  status.set(snapshot, {
    version: 1,
    routers: 0,
    services: 0,
    middlewares: 0,
    disabled: [...snapshot.disabled, ...disabled],
    tlsErrors: [],
    certificates: [],
  });
  return {
    configuration: staticSchema.parse({
      entryPoints: { web: { address: ":80" }, websecure: { address: ":443" } },
    }),
    status,
    down: [],
    certificates: [],
    ...more,
  };
}

/** Asks; `query` as in a URL. */
export function ask(world: World, url: string, query = "") {
  const parameters = new URLSearchParams(query);
  parameters.set("url", url);
  return explain(readExplainQuery(parameters), world);
}
