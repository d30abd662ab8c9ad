import type { StaticConfiguration } from "../../config/static/schema.ts";
import { tagConstraint } from "../labels/constraint.ts";
import { defaultRule } from "../labels/default-rule.ts";
import { namedOption } from "../named-option.ts";
import type { Provider, ProviderContext } from "../provider.ts";
import { ConsulCatalogProvider } from "./consul-catalog-provider.ts";

type Configuration = NonNullable<StaticConfiguration["providers"]["consulCatalog"]>;

/**
 * The providers that `providers.consulCatalog` describes, one for each namespace. Throws an Error
 * where the rule or the constraints can't be read.
 */
export function consulCatalogProviders(
  configuration: Configuration,
  { runtime, logger, watch }: ProviderContext,
): Provider[] {
  const { constraints, defaultRule: rule, endpoint, namespaces, ...rest } = configuration;
  const { endpointWaitTime, ...place } = endpoint;
  const constraint = namedOption("providers.consulCatalog.constraints", () =>
    tagConstraint(constraints),
  );
  const ruleOf = namedOption("providers.consulCatalog.defaultRule", () =>
    defaultRule(rule, runtime.env),
  );
  return (namespaces.length === 0 ? [""] : namespaces).map(
    (namespace) =>
      new ConsulCatalogProvider(
        {
          ...rest,
          ...place,
          ...(endpointWaitTime > 0 && { waitTime: endpointWaitTime }),
          namespace,
          watch: watch && rest.watch,
          constraint,
          defaultRule: ({ name, labels }) => ruleOf({ Name: name, Labels: labels }),
        },
        runtime,
        logger,
      ),
  );
}
