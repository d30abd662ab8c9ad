import type { DynamicConfiguration, Service } from "../../config/dynamic/schema.ts";

/** The configuration with the paths of its services' modules made absolute: they are relative to the file that names them. */
export function withModulePaths(
  configuration: DynamicConfiguration,
  directory: string,
): DynamicConfiguration {
  const { http } = configuration;
  if (http?.services === undefined) return configuration;
  const services: Record<string, Service> = {};
  for (const [name, service] of Object.entries(http.services)) {
    services[name] =
      service.handler === undefined
        ? service
        : {
            ...service,
            handler: {
              ...service.handler,
              module: absolutePath(service.handler.module, directory),
            },
          };
  }
  return { ...configuration, http: { ...http, services } };
}

/** The paths of all modules that services name. */
export function modulePaths({ http }: DynamicConfiguration): string[] {
  const paths = Object.values(http?.services ?? {}).map((service) => service.handler?.module);
  return [...new Set(paths)].filter((path) => path !== undefined);
}

/** A path from a directory (itself absolute), without ".", ".." and empty segments. */
export function absolutePath(path: string, directory: string): string {
  const segments: string[] = [];
  for (const segment of (path.startsWith("/") ? path : `${directory}/${path}`).split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}
