import type { StaticConfiguration } from "../../config/static/schema.ts";
import { AwsCredentialChain } from "../../net/clients/aws/aws-credentials.ts";
import { awsRegion } from "../../net/clients/aws/aws-region.ts";
import { labelConstraint } from "../labels/constraint.ts";
import { defaultRule } from "../labels/default-rule.ts";
import { namedOption } from "../named-option.ts";
import type { Provider, ProviderContext } from "../provider.ts";
import { EcsApi } from "./ecs-api.ts";
import { EcsProvider } from "./ecs-provider.ts";

type Configuration = NonNullable<StaticConfiguration["providers"]["ecs"]>;

/**
 * The provider that `providers.ecs` describes; region and credentials that it leaves out are found as AWS's
 * own tools find them. Throws an Error where the rule or the constraints can't be read.
 */
export function ecsProvider(
  configuration: Configuration,
  { runtime, logger, watch }: ProviderContext,
): Provider {
  const { accessKeyID, constraints, refreshSeconds, region, secretAccessKey, ...rest } =
    configuration;
  const { env, files } = runtime;
  if ((accessKeyID === "") !== (secretAccessKey === ""))
    throw new Error("providers.ecs: expected accessKeyID and secretAccessKey, found one of them");
  const ruleOf = namedOption("providers.ecs.defaultRule", () =>
    defaultRule(configuration.defaultRule, env),
  );
  const http = runtime.httpClient({});
  const chain = new AwsCredentialChain({ env, files, http });
  const given = { accessKeyId: accessKeyID, secretAccessKey };
  const credentials = (signal: AbortSignal) =>
    accessKeyID === "" ? chain.get(signal) : Promise.resolve(given);
  return new EcsProvider(
    {
      ...rest,
      refreshTime: refreshSeconds,
      watch,
      constraint: namedOption("providers.ecs.constraints", () => labelConstraint(constraints)),
      defaultRule: ({ name, labels }) => ruleOf({ Name: name, Labels: labels }),
    },
    async (signal) =>
      new EcsApi({
        region: region || (await awsRegion({ env, files, http }, signal)),
        credentials,
        env,
        http,
      }),
    logger,
  );
}
