import { dynamicSchema } from "../../config/dynamic/schema.ts";
import { validateDynamic } from "../../config/dynamic/validate.ts";
import { ConfigError, formatIssue } from "../../config/sources/document.ts";
import { parseJson } from "../../config/sources/json.ts";
import type { Logger } from "../../core/logger.ts";
import type { Stop } from "../../net/runtime.ts";
import type { ProviderConfiguration } from "../../snapshot/provider-configuration.ts";
import type { Provider, ProviderContext } from "../provider.ts";
import { withoutModules } from "../without-modules.ts";

/** What a client put: the configuration as it was read, or why it can't be read. */
export type PutOutcome = { readonly value: unknown } | { readonly error: string };

/** The provider that `providers.rest` switches on. */
export function restProvider(_: unknown, { logger }: ProviderContext): Provider {
  return new RestProvider(logger);
}

/**
 * Traefik's REST provider: each PUT brings a whole dynamic configuration in JSON and replaces the one
 * before. One without any element counts for nothing. Source: Traefik's pkg/provider/rest/rest.go and
 * pkg/server/configurationwatcher.go.
 */
export class RestProvider implements Provider {
  readonly name = "rest";
  private readonly logger: Logger;
  private emit: ((configuration: ProviderConfiguration) => void) | undefined;
  private waiting: ProviderConfiguration | undefined;

  constructor(logger: Logger) {
    this.logger = logger.with({ providerName: this.name });
  }

  async start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    this.emit = emit;
    if (this.waiting !== undefined) emit(this.waiting);
    return () => {
      this.emit = undefined;
    };
  }

  /** Takes the JSON of a configuration. An element with a mistake is disabled, as any provider's is. */
  put(text: string): PutOutcome {
    let document: ReturnType<typeof parseJson>;
    try {
      document = parseJson(text, "rest");
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { error: error.issues.map(formatIssue).join("; ") };
    }
    const { value } = document;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return { error: "expected a configuration in an object" };
    const { configuration, issues, disabled, notices } = withoutModules(validateDynamic(document));
    for (const issue of issues) this.logger.warn(formatIssue(issue));
    for (const notice of notices) this.logger[notice.level](formatIssue(notice));
    if (disabled.length > 0 || hasElements(configuration)) {
      this.waiting = { provider: this.name, configuration, disabled };
      this.emit?.(this.waiting);
    }
    return { value };
  }
}

function hasElements(configuration: object): boolean {
  return Object.keys(dynamicSchema.shape).some((plane) => {
    const sections = (configuration as Record<string, Record<string, object> | undefined>)[plane];
    return Object.values(sections ?? {}).some((elements) => Object.keys(elements).length > 0);
  });
}
