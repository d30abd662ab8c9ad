import type { StaticConfiguration } from "../../config/static/schema.ts";
import { labelConstraint } from "../labels/constraint.ts";
import { defaultRule } from "../labels/default-rule.ts";
import { namedOption } from "../named-option.ts";
import type { Provider, ProviderContext } from "../provider.ts";
import { DockerProvider } from "./docker-provider.ts";
import { SwarmProvider } from "./swarm-provider.ts";

type Providers = StaticConfiguration["providers"];
type Engine = NonNullable<Providers["docker"]>;

/** The provider that `providers.docker` describes. Throws an Error where its rule or its constraints can't be read. */
export function dockerProvider(configuration: Engine, context: ProviderContext): Provider {
  return new DockerProvider(
    { ...engineOptions(configuration, context, "docker"), provider: "docker" },
    context.runtime,
    context.logger,
  );
}

/** The provider that `providers.swarm` describes. Throws an Error where its rule or its constraints can't be read. */
export function swarmProvider(
  configuration: NonNullable<Providers["swarm"]>,
  context: ProviderContext,
): Provider {
  return new SwarmProvider(
    {
      ...engineOptions(configuration, context, "swarm"),
      provider: "swarm",
      refreshTime: configuration.refreshSeconds,
    },
    context.runtime,
    context.logger,
  );
}

function engineOptions(configuration: Engine, { runtime, watch }: ProviderContext, key: string) {
  const { constraints, defaultRule: rule, httpClientTimeout, ...rest } = configuration;
  return {
    ...rest,
    watch: watch && rest.watch,
    timeout: httpClientTimeout,
    constraint: namedOption(`providers.${key}.constraints`, () => labelConstraint(constraints)),
    defaultRule: namedOption(`providers.${key}.defaultRule`, () => defaultRule(rule, runtime.env)),
  };
}
