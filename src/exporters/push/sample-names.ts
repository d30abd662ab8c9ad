import type { Sample } from "./samples.ts";

/** Names of Traefik's for StatsD and Datadog, behind the prefix; `OWNER` is entrypoint, router or service. */
const DOTTED: Readonly<Record<Sample["what"], string>> = {
  requests: "OWNER.request.total",
  tls: "OWNER.request.tls.total",
  duration: "OWNER.request.duration",
  requestBytes: "OWNER.requests.bytes.total",
  responseBytes: "OWNER.responses.bytes.total",
  retries: "service.retries.total",
  reloads: "config.reload.total",
  lastReload: "config.reload.lastSuccessTimestamp",
  connections: "open.connections",
  certificate: "tls.certs.notAfterTimestamp",
  serverUp: "service.server.up",
};

/** For InfluxDB, where they differ from these. */
const INFLUX: Readonly<Record<string, string>> = {
  requests: "OWNER.requests.total",
  tls: "OWNER.requests.tls.total",
};

/** Prometheus', which OTLP has too. */
const PROMETHEUS: Readonly<Record<Sample["what"], string>> = {
  requests: "traefik_OWNER_requests_total",
  tls: "traefik_OWNER_requests_tls_total",
  duration: "traefik_OWNER_request_duration_seconds",
  requestBytes: "traefik_OWNER_requests_bytes_total",
  responseBytes: "traefik_OWNER_responses_bytes_total",
  retries: "traefik_service_retries_total",
  reloads: "traefik_config_reloads_total",
  lastReload: "traefik_config_last_reload_success",
  connections: "traefik_open_connections",
  certificate: "traefik_tls_certs_not_after",
  serverUp: "traefik_service_server_up",
};

const named = (pattern: string, { owner }: Sample) => pattern.replace("OWNER", owner ?? "");

export const dottedName = (sample: Sample) => named(DOTTED[sample.what], sample);
export const influxName = (sample: Sample) =>
  named(INFLUX[sample.what] ?? DOTTED[sample.what], sample);
export const prometheusName = (sample: Sample) => named(PROMETHEUS[sample.what], sample);
