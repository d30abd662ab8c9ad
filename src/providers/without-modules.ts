import type { ValidatedDynamic } from "../config/dynamic/validate.ts";

/**
 * A configuration that came over the network, without the services that are modules: what such a
 * source can name must not load code. They are disabled instead.
 */
export function withoutModules(validated: ValidatedDynamic): ValidatedDynamic {
  const { configuration, disabled } = validated;
  const services = Object.entries(configuration.http?.services ?? {});
  const modules = services.filter(([, { handler }]) => handler !== undefined);
  if (modules.length === 0) return validated;
  const rest = services.filter(([, { handler }]) => handler === undefined);
  return {
    ...validated,
    configuration: {
      ...configuration,
      http: { ...configuration.http, services: Object.fromEntries(rest) },
    },
    disabled: [
      ...disabled,
      ...modules.map(([name]) => ({
        kind: "service" as const,
        name,
        errors: ["http.services: a handler's module is taken from the file provider only"],
      })),
    ],
  };
}
