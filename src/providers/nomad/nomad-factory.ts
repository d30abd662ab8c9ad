import type { StaticConfiguration } from "../../config/static/schema.ts";
import { tagConstraint } from "../labels/constraint.ts";
import { defaultRule } from "../labels/default-rule.ts";
import { namedOption } from "../named-option.ts";
import type { Provider, ProviderContext } from "../provider.ts";
import { NomadProvider } from "./nomad-provider.ts";

type Configuration = NonNullable<StaticConfiguration["providers"]["nomad"]>;

/**
 * The providers that `providers.nomad` describes, one for each namespace; what the endpoint leaves out
 * is Nomad's own environment's. Throws an Error where the rule or the constraints can't be read.
 */
export function nomadProviders(
  configuration: Configuration,
  { runtime, logger, watch }: ProviderContext,
): Provider[] {
  const { constraints, defaultRule: rule, endpoint, namespaces, ...rest } = configuration;
  const { env } = runtime;
  const constraint = namedOption("providers.nomad.constraints", () => tagConstraint(constraints));
  const ruleOf = namedOption("providers.nomad.defaultRule", () => defaultRule(rule, runtime.env));
  return (namespaces.length === 0 ? [""] : namespaces).map(
    (namespace) =>
      new NomadProvider(
        {
          ...rest,
          watch: watch && rest.watch,
          address: endpoint.address ?? env["NOMAD_ADDR"] ?? "http://127.0.0.1:4646",
          region: endpoint.region ?? env["NOMAD_REGION"] ?? "",
          token: endpoint.token ?? env["NOMAD_TOKEN"] ?? "",
          tls: endpoint.tls,
          namespace: namespace || (env["NOMAD_NAMESPACE"] ?? ""),
          constraint,
          defaultRule: ({ name, labels }) => ruleOf({ Name: name, Labels: labels }),
        },
        runtime,
        logger,
      ),
  );
}
