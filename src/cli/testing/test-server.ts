import { ConfigError } from "../../config/sources/document.ts";
import { staticSchema } from "../../config/static/schema.ts";
import { validate } from "../../config/validate.ts";
import type { Files, Runtime } from "../../net/runtime.ts";
import { absolutePath } from "../../providers/file/module-paths.ts";
import { MemoryProvider } from "../../providers/memory/memory-provider.ts";
import { createProgram, type Program } from "../program.ts";
import type { TestServer, TestServerOptions } from "./test-server-options.ts";

const ENTRY_POINT = "test";
/** What `module` is called in the configuration, unless it is a path. */
const MODULE = "module";

/**
 * Starts the router in this thread, on a free port of 127.0.0.1. Rejects with everything that is wrong
 * with the configuration; a router that serves a part of it is no use to a test.
 */
export async function startTestServer(
  runtime: Runtime,
  options: TestServerOptions,
): Promise<TestServer> {
  const { directory = runtime.cwd } = options;
  const { configuration, modules } = served(options);
  const inMemory = new Map(
    Object.entries(modules).map(([name, module]) => [absolutePath(name, directory), module]),
  );
  const program = await createProgram(
    withModules(runtime, inMemory),
    staticConfiguration(options),
    {
      watch: true,
      threads: false,
      providers: (logger) => [
        new MemoryProvider(
          { name: "test", configuration, directory, watch: false },
          runtime.files,
          logger,
        ),
      ],
    },
  );
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= end(program));
  try {
    await program.control.load();
    const { disabled } = program.control.status.report;
    if (disabled.length > 0) {
      const problems = disabled.map(
        ({ kind, name, errors }) => `${kind} ${name}: ${errors.join(", ")}`,
      );
      throw new Error(problems.join("\n"));
    }
    const listening = await program.control.listen();
    const { port } = listening.find(({ entryPoint }) => entryPoint === ENTRY_POINT)!.address;
    const url = `http://127.0.0.1:${port}`;
    return { url, port, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function end({ control, close }: Program): Promise<void> {
  await control.shutdown();
  await close();
}

/** The dynamic configuration, and the modules in memory that it names. Throws where nothing or too much is given. */
function served({ module, env, configuration, modules = {} }: TestServerOptions): {
  configuration: unknown;
  modules: Readonly<Record<string, unknown>>;
} {
  if ((module === undefined) === (configuration === undefined))
    throw new Error("createTestServer: expected either module or configuration");
  if (configuration !== undefined) {
    if (env !== undefined)
      throw new Error("createTestServer: env goes with module; a configuration has its own");
    return { configuration, modules };
  }
  const path = typeof module === "string" ? module : MODULE;
  const handler = { module: path, ...(env && { env }) };
  return {
    configuration: {
      http: {
        routers: { all: { rule: "PathPrefix(`/`)", service: "module" } },
        services: { module: { handler } },
      },
    },
    modules: typeof module === "string" ? modules : { ...modules, [MODULE]: module },
  };
}

/** Throws ConfigError with everything that is wrong. */
function staticConfiguration({ staticConfiguration: given = {} }: TestServerOptions) {
  const { entryPoints = {}, providers = {} } = given;
  const value = {
    core: { splice: false },
    ...given,
    entryPoints: {
      ...(entryPoints as object),
      [ENTRY_POINT]: {
        address: "127.0.0.1:0",
        transport: { lifeCycle: { graceTimeOut: "1s" } },
      },
    },
    providers: { providersThrottleDuration: "0s", ...(providers as object) },
  };
  const document = { source: "staticConfiguration", value, locate: () => "staticConfiguration" };
  const validated = validate(staticSchema, value, document);
  if (validated.value === undefined || validated.issues.length > 0)
    throw new ConfigError(validated.issues);
  return validated.value;
}

/** The runtime with modules that are there as values; others are loaded as they always are. */
function withModules(runtime: Runtime, modules: ReadonlyMap<string, unknown>): Runtime {
  const files: Files = Object.create(runtime.files, {
    info: {
      value: async (path: string) =>
        modules.has(path)
          ? { isFile: true, isDirectory: false, size: 0, modified: 0 }
          : runtime.files.info(path),
    },
  });
  const importModule: Runtime["importModule"] = async (path, version) =>
    modules.has(path) ? { default: modules.get(path) } : runtime.importModule(path, version);
  return Object.create(runtime, { files: { value: files }, importModule: { value: importModule } });
}
