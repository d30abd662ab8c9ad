import type { Runtime } from "../../net/runtime.ts";
import type { Attributes } from "../../telemetry/otlp/attributes.ts";

/**
 * What spans, records and figures are of: OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME over the configured
 * attributes, over the configured name, over what is known of the process. Source: Traefik's
 * pkg/observability/types.
 */
export function resourceOf(
  { env, pid, name, version, hostname }: ResourceFacts,
  serviceName: string,
  attributes: Readonly<Record<string, string>>,
  programVersion: string,
): Attributes {
  const all: Record<string, string | number> = {
    "host.name": hostname(),
    "process.pid": pid,
    "process.runtime.name": name,
    "process.runtime.version": version,
    "telemetry.sdk.name": "sluice",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.version": programVersion,
    "service.name": serviceName,
    "service.version": programVersion,
    ...attributes,
    ...fromEnvironment(env["OTEL_RESOURCE_ATTRIBUTES"] ?? ""),
  };
  const named = env["OTEL_SERVICE_NAME"] ?? "";
  if (named !== "") all["service.name"] = named;
  return Object.entries(all);
}

export type ResourceFacts = Pick<Runtime, "env" | "pid" | "name" | "version" | "hostname">;

/** `key=value` separated by commas, values percent-encoded; what is none is left out. */
export function fromEnvironment(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of text.split(",")) {
    const at = pair.indexOf("=");
    if (at <= 0) continue;
    const value = pair.slice(at + 1).trim();
    try {
      found[pair.slice(0, at).trim()] = decodeURIComponent(value);
    } catch {
      found[pair.slice(0, at).trim()] = value;
    }
  }
  return found;
}
