/** What `sluice dev` was told. */
export interface DevArguments {
  readonly module: string;
  readonly host: string;
  readonly port: number;
}

const PORT = 8787;
const HOST = "127.0.0.1";

/** Reads `FILE [--port=N] [--host=ADDRESS]`; values may stand behind a blank. Throws an Error that says what is wrong. */
export function devArguments(args: readonly string[]): DevArguments {
  let module: string | undefined;
  let host = HOST;
  let port = PORT;
  for (let i = 0; i < args.length; i++) {
    const [flag, written] = split(args[i]);
    if (!flag.startsWith("-")) {
      if (module !== undefined) throw new Error(`expected one module, found ${module} and ${flag}`);
      module = args[i];
      continue;
    }
    const value = written ?? args[++i];
    if (value === undefined) throw new Error(`${flag}: expected a value, found nothing`);
    if (flag === "--port") port = portOf(value);
    else if (flag === "--host") host = value;
    else throw new Error(`unknown flag "${flag}", expected --port or --host`);
  }
  if (module === undefined) throw new Error("expected a module such as ./hello.ts, found nothing");
  return { module, host, port };
}

function split(arg: string): [flag: string, value: string | undefined] {
  const at = arg.startsWith("--") ? arg.indexOf("=") : -1;
  return at < 0 ? [arg, undefined] : [arg.slice(0, at), arg.slice(at + 1)];
}

function portOf(value: string): number {
  const port = Number(value);
  if (/^\d{1,5}$/.test(value) && port <= 65535) return port;
  throw new Error(`--port: expected a number from 0 to 65535, found "${value}"`);
}
