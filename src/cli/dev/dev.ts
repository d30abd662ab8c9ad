import { staticSchema } from "../../config/static/schema.ts";
import { messageOf } from "../../core/errors.ts";
import type { Runtime } from "../../net/runtime.ts";
import { absolutePath } from "../../providers/file/module-paths.ts";
import { MemoryProvider } from "../../providers/memory/memory-provider.ts";
import { createProgram } from "../program.ts";
import { stopSignal } from "../stop-signal.ts";
import { wantsColors } from "../terminal/colors.ts";
import { devArguments } from "./dev-arguments.ts";
import { devModules } from "./dev-module.ts";
import { errorReport, reportText } from "./error-report.ts";
import { requestLog } from "./request-log.ts";

/** Milliseconds that requests in flight have at the end: an author doesn't wait. */
const GRACE = "1s";

/** `sluice dev FILE`: serves one module, loads it anew when it changes, and shows requests and mistakes. */
export async function dev(runtime: Runtime, args: readonly string[]): Promise<number> {
  const { module, host, port } = devArguments(args);
  const path = absolutePath(module, runtime.cwd);
  if ((await runtime.files.info(path))?.isFile !== true)
    throw new Error(`${path}: there is no such file`);
  const directory = path.slice(0, path.lastIndexOf("/")) || "/";
  const { stdout, files } = runtime;
  const print = (text: string) => stdout.write(new TextEncoder().encode(text));
  const colored = wantsColors(runtime);
  const address = `${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
  const configuration = staticSchema.parse({
    entryPoints: { dev: { address, transport: { lifeCycle: { graceTimeOut: GRACE } } } },
    providers: { providersThrottleDuration: "0s" },
    log: { level: "WARN" },
  });
  const program = await createProgram(runtime, configuration, {
    watch: true,
    threads: false,
    modules: devModules({ directory, files, colored, print }),
    observers: [requestLog(print, colored)],
    providers: (logger) => [
      new MemoryProvider(
        { name: "dev", configuration: serving(path), directory, watch: true },
        files,
        logger,
      ),
    ],
  });
  const { control } = program;
  runtime.onUncaught((error) => {
    errorReport(error, directory, files).then(
      (report) => print(reportText(report, colored)),
      () => print(`${messageOf(error)}\n`),
    );
  });
  const stopping = stopSignal(runtime);
  try {
    await control.load();
    const [listening] = await control.listen();
    const { ip, port: chosen } = listening.address;
    const shown = ip === "::" || ip === "0.0.0.0" ? "localhost" : ip.includes(":") ? `[${ip}]` : ip;
    print(`Serving ${path} on http://${shown}:${chosen}/ Ctrl-C ends it.\n`);
  } catch (error) {
    await control.shutdown();
    throw error;
  }
  await stopping;
  await control.shutdown();
  await program.close();
  return 0;
}

/** Everything goes to the module. */
function serving(module: string): unknown {
  return {
    http: {
      routers: { dev: { rule: "PathPrefix(`/`)", service: "dev" } },
      services: { dev: { handler: { module } } },
    },
  };
}
