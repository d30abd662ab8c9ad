import type { ApplyReport } from "../server/data-plane.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { ownerKey } from "../telemetry/metrics/request-meters.ts";

/** The owners (`ownerKey`) of a configuration that serves; elements that go on as they last worked are among them. */
export function configuredOwners(
  entryPoints: readonly string[],
  snapshot: Snapshot,
  { disabled }: ApplyReport,
): ReadonlySet<string> {
  const keys = new Set(entryPoints.map((name) => ownerKey({ kind: "entryPoint", name })));
  const services = new Set(Object.keys(snapshot.services));
  for (const [name, { service }] of Object.entries(snapshot.routers)) {
    keys.add(ownerKey({ kind: "router", name, service }));
    // Sluice's own are no services of a provider.
    services.add(service);
  }
  for (const { kind, name, goesOn } of disabled)
    if (kind === "service" && goesOn === true) services.add(name);
  for (const name of services) {
    keys.add(ownerKey({ kind: "service", name }));
    for (const { url } of snapshot.services[name]?.loadBalancer?.servers ?? [])
      if (url !== undefined) keys.add(ownerKey({ kind: "server", name, url }));
  }
  return keys;
}
