import { messageOf } from "../core/errors.ts";
import {
  type CheckedServer,
  type HealthCheckOptions,
  type ProbeTarget,
  probeTargets,
} from "../services/health/health-targets.ts";
import type { ServiceLogger } from "../services/service-logger.ts";
import type { ProbeTransport } from "./http-probe.ts";
import { PROBES } from "./table.ts";

export interface HealthCheckContext {
  /** The service's qualified name, for the log. */
  readonly service: string;
  readonly logger: ServiceLogger;
  /** Hears the outcome of every check. */
  report(index: number, up: boolean): void;
  readonly transport: ProbeTransport;
}

const DEFAULT_INTERVAL = 30_000;
const DEFAULT_TIMEOUT = 5_000;

/**
 * Asks each server regularly whether it is well. Servers count as up until a check fails; the first
 * check comes one interval after the start. Each server has its own rhythm, so that one that hangs
 * delays no other's check. Source: Traefik's pkg/healthcheck/healthcheck.go.
 */
export class HealthCheck {
  private readonly options: HealthCheckOptions;
  private readonly context: HealthCheckContext;
  private readonly interval: number;
  private readonly unhealthyInterval: number;
  private readonly timeout: number;
  private readonly timers: ReturnType<typeof setTimeout>[] = [];
  private readonly stopped = new AbortController();

  /** Starts. Throws on options that make no check. */
  constructor(
    servers: readonly CheckedServer[],
    options: HealthCheckOptions,
    context: HealthCheckContext,
  ) {
    const { interval, unhealthyInterval, timeout } = options;
    this.options = options;
    this.context = context;
    this.interval = positive(interval, DEFAULT_INTERVAL);
    this.unhealthyInterval =
      unhealthyInterval === undefined
        ? this.interval
        : positive(unhealthyInterval, DEFAULT_INTERVAL);
    this.timeout = positive(timeout, DEFAULT_TIMEOUT);
    const targets = probeTargets(servers, options);
    for (const [index, target] of targets.entries())
      this.schedule(index, target, true, this.interval);
  }

  stop(): void {
    this.stopped.abort();
    for (const timer of this.timers) clearTimeout(timer);
  }

  private schedule(index: number, target: ProbeTarget, up: boolean, delay: number): void {
    if (this.stopped.signal.aborted) return;
    this.timers[index] = setTimeout(() => void this.run(index, target, up), delay);
  }

  private async run(index: number, target: ProbeTarget, wasUp: boolean): Promise<void> {
    const started = performance.now();
    const failure = await this.check(target);
    if (this.stopped.signal.aborted) return;
    const up = failure === null;
    this.log(target, wasUp, failure);
    this.context.report(index, up);
    const interval = up ? this.interval : this.unhealthyInterval;
    this.schedule(index, target, up, Math.max(0, interval - (performance.now() - started)));
  }

  private log(target: ProbeTarget, wasUp: boolean, failure: string | null): void {
    const { logger, service } = this.context;
    const fields = { serviceName: service, targetURL: textOf(target) };
    if (failure === null) {
      if (!wasUp) logger.info("Health check succeeded again: the server is up", fields);
    } else if (wasUp) {
      logger.warn("Health check failed: the server is down", { ...fields, error: failure });
    } else {
      logger.debug("Health check failed", { ...fields, error: failure });
    }
  }

  /** One check: null where the server is well, else what is wrong. Never rejects. */
  private async check(target: ProbeTarget): Promise<string | null> {
    const { options, context } = this;
    const attempt = new AbortController();
    const timer = setTimeout(
      () => attempt.abort(new Error(`no answer within ${this.timeout} ms`)),
      this.timeout,
    );
    const stop = () => attempt.abort(new Error("stopped"));
    this.stopped.signal.addEventListener("abort", stop, { once: true });
    try {
      await PROBES[options.mode ?? ""](target, options, context.transport, attempt.signal);
      return null;
    } catch (error) {
      return messageOf(error);
    } finally {
      clearTimeout(timer);
      this.stopped.signal.removeEventListener("abort", stop);
    }
  }
}

function positive(value: number | undefined, otherwise: number): number {
  return value !== undefined && value > 0 ? value : otherwise;
}

function textOf({ place, scheme, url }: ProbeTarget): string {
  if (place !== undefined) return `${scheme}://${place}${url.pathname} (${url.host})`;
  return scheme + url.href.slice(url.protocol.length - 1);
}
