import type { DynamicConfiguration, Middleware, Service } from "../../config/dynamic/schema.ts";

/** The configuration with the paths of its modules and roots of files made absolute: they are relative to the file that names them. */
export function withModulePaths(
  configuration: DynamicConfiguration,
  directory: string,
): DynamicConfiguration {
  const { http } = configuration;
  if (http === undefined) return configuration;
  const { services, middlewares } = http;
  return {
    ...configuration,
    http: {
      ...http,
      ...(services && { services: mapped(services, (one) => serviceIn(one, directory)) }),
      ...(middlewares && {
        middlewares: mapped(middlewares, (one) => middlewareIn(one, directory)),
      }),
    },
  };
}

function mapped<T>(elements: Readonly<Record<string, T>>, change: (one: T) => T) {
  return Object.fromEntries(Object.entries(elements).map(([name, one]) => [name, change(one)]));
}

function serviceIn(service: Service, directory: string): Service {
  const { handler } = service;
  if (handler === undefined) return service;
  const { kv } = handler;
  return {
    ...service,
    handler: {
      ...handler,
      module: absolutePath(handler.module, directory),
      ...(kv && { kv: { ...kv, path: absolutePath(kv.path, directory) } }),
    },
  };
}

function middlewareIn(middleware: Middleware, directory: string): Middleware {
  const { files } = middleware;
  if (files !== undefined)
    return { ...middleware, files: { ...files, root: absolutePath(files.root, directory) } };
  if (middleware.plugin === undefined) return middleware;
  const plugin = mapped(middleware.plugin, (options) =>
    typeof options["module"] === "string"
      ? { ...options, module: absolutePath(options["module"], directory) }
      : options,
  );
  return { ...middleware, plugin };
}

/** The paths of all modules that services and middlewares name. */
export function modulePaths({ http }: DynamicConfiguration): string[] {
  const services = Object.values(http?.services ?? {}).map(({ handler }) => handler?.module);
  const plugins = Object.values(http?.middlewares ?? {}).flatMap(({ plugin = {} }) =>
    Object.values(plugin).map(({ module }) => module),
  );
  return [...new Set([...services, ...plugins])].filter((path) => typeof path === "string");
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
