import type { ValidatedDynamic } from "../config/dynamic/validate.ts";

/**
 * A configuration that came over the network, without the services and plugins that are modules: what
 * such a source can name must not load code. They are disabled instead.
 */
export function withoutModules(validated: ValidatedDynamic): ValidatedDynamic {
  const { configuration, disabled } = validated;
  const { services = {}, middlewares = {} } = configuration.http ?? {};
  const handlers = Object.keys(services).filter((name) => services[name].handler !== undefined);
  const plugins = Object.keys(middlewares).filter((name) =>
    Object.values(middlewares[name].plugin ?? {}).some((options) => "module" in options),
  );
  if (handlers.length + plugins.length === 0) return validated;
  return {
    ...validated,
    configuration: {
      ...configuration,
      http: {
        ...configuration.http,
        services: without(services, handlers),
        middlewares: without(middlewares, plugins),
      },
    },
    disabled: [
      ...disabled,
      ...handlers.map((name) => ({
        kind: "service" as const,
        name,
        errors: ["http.services: a handler's module is taken from the file provider only"],
      })),
      ...plugins.map((name) => ({
        kind: "middleware" as const,
        name,
        errors: ["http.middlewares: a plugin's module is taken from the file provider only"],
      })),
    ],
  };
}

function without<T>(elements: Readonly<Record<string, T>>, names: readonly string[]) {
  const rest = Object.entries(elements).filter(([name]) => !names.includes(name));
  return Object.fromEntries(rest);
}
