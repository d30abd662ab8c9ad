import { validateDynamic } from "../../config/dynamic/validate.ts";
import { ConfigError, formatIssue } from "../../config/sources/document.ts";
import { parseYaml } from "../../config/sources/yaml/parse-yaml.ts";
import type { Logger } from "../../core/logger.ts";
import { pause } from "../../core/loop/pause.ts";
import { type HttpClient, textOf } from "../../net/clients/http-client.ts";
import type { Stop } from "../../net/runtime.ts";
import type { ProviderConfiguration } from "../../snapshot/provider-configuration.ts";
import { type ClientTlsConfiguration, readClientTls } from "../client-tls.ts";
import type { Provider, ProviderContext } from "../provider.ts";
import { watchLoop } from "../watch-loop.ts";
import { withoutModules } from "../without-modules.ts";

export interface HttpProviderOptions {
  readonly endpoint: string;
  /** Between two requests. Milliseconds. */
  readonly pollInterval: number;
  /** Of one request, its answer included. Milliseconds; 0 for none. */
  readonly pollTimeout: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?: ClientTlsConfiguration;
  /** Bytes of an answer; below 0 for no limit of the configuration's. */
  readonly maxResponseBodySize: number;
}

/** The provider that `providers.http` describes. Throws an Error where its endpoint is no URL. */
export function httpProvider(
  configuration: HttpProviderOptions,
  { runtime, logger }: ProviderContext,
): Provider {
  return new HttpProvider(configuration, runtime, logger);
}

/** Bytes of an answer in any case. */
const LARGEST = 256 * 1024 * 1024;

/**
 * Traefik's HTTP provider: a whole dynamic configuration in YAML (so in JSON too), asked for again
 * and again. An answer with a mistake that makes it unreadable keeps the last configuration.
 * Source: Traefik's pkg/provider/http/http.go.
 */
export class HttpProvider implements Provider {
  readonly name = "http";
  readonly remote = true;
  private readonly options: HttpProviderOptions;
  private readonly logger: Logger;
  private readonly runtime: ProviderContext["runtime"];
  private last: string | undefined;

  /** Throws an Error where the endpoint is no URL of HTTP. */
  constructor(options: HttpProviderOptions, runtime: ProviderContext["runtime"], logger: Logger) {
    const { endpoint } = options;
    if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))
      throw new Error(
        `providers.http.endpoint: expected a URL with http or https, found "${endpoint}"`,
      );
    this.options = options;
    this.logger = logger.with({ providerName: this.name });
    this.runtime = runtime;
  }

  async start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    return watchLoop({
      logger: this.logger,
      source: this.options.endpoint,
      session: async (signal, ready) => {
        const tls = await readClientTls(this.options.tls, this.runtime.files);
        const client = this.runtime.httpClient({ tls });
        try {
          for (;;) {
            const text = await this.fetch(client, signal);
            if (text !== this.last) {
              this.last = text;
              this.take(text, emit);
            }
            ready();
            await pause(this.options.pollInterval, signal);
          }
        } finally {
          client.close();
        }
      },
    });
  }

  private async fetch(client: HttpClient, signal: AbortSignal): Promise<string> {
    const { endpoint, headers, pollTimeout, maxResponseBodySize } = this.options;
    const response = await client.request({
      url: endpoint,
      headers,
      signal:
        pollTimeout > 0 ? AbortSignal.any([signal, AbortSignal.timeout(pollTimeout)]) : signal,
    });
    const limit = maxResponseBodySize < 0 ? LARGEST : Math.min(maxResponseBodySize, LARGEST);
    const text = await textOf(response, limit);
    if (response.status !== 200)
      throw new Error(`expected an answer with status 200, found ${response.status}`);
    return text;
  }

  private take(text: string, emit: (configuration: ProviderConfiguration) => void): void {
    try {
      const { configuration, issues, disabled, notices } = withoutModules(
        validateDynamic(parseYaml(text, this.options.endpoint)),
      );
      for (const issue of issues) this.logger.error(formatIssue(issue));
      for (const notice of notices) this.logger[notice.level](formatIssue(notice));
      emit({ provider: this.name, configuration, disabled });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const issue of error.issues) this.logger.error(formatIssue(issue));
    }
  }
}
