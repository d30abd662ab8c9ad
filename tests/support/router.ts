import { type Program, startProgram } from "./program.ts";
import { freePort } from "./sockets/free-port.ts";
import { RawClient } from "./sockets/raw-client.ts";

export interface Router extends AsyncDisposable {
  readonly program: Program;
  /** Where entrypoint `web` listens. */
  readonly port: number;
  readonly url: string;
  client(): Promise<RawClient>;
  /** Replaces the dynamic configuration's file by rename. */
  reconfigure(dynamic: string): Promise<void>;
}

export interface RouterOptions {
  /** The file provider's YAML. */
  dynamic: string;
  /** Lines under `entryPoints.web`, indented by four spaces. */
  web?: string;
  /** Ports of further entrypoints by their names; each is a port, or a port and lines as in `web`. */
  entryPoints?: Readonly<Record<string, number | readonly [port: number, lines: string]>>;
  /** Lines under `providers.file` instead of "filename: dynamic.yml", indented by four spaces. */
  provider?: string;
  /** Further lines under `providers`, indented by two spaces. */
  providers?: string;
  /** `core.workers`, for what is one worker's own: its pools, its turns, its TLS sessions. */
  workers?: number;
  /** Further top-level YAML of the static configuration. */
  static?: string;
  files?: Readonly<Record<string, string>>;
  /** Called with the program's directory before it starts. */
  prepare?: (directory: string) => void;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** Sluice with one entrypoint `web` on a free port of 127.0.0.1 and a watched dynamic file. */
export async function startRouter(options: RouterOptions): Promise<Router> {
  const port = await freePort();
  const program = await startProgram({
    args: ["--configFile=sluice.yml", ...(options.args ?? [])],
    files: {
      "sluice.yml": staticConfiguration(port, options),
      "dynamic.yml": options.dynamic,
      ...options.files,
    },
    ports: [port, ...further(options).map(([, other]) => other)],
    env: options.env,
    prepare: options.prepare,
  });
  return {
    program,
    port,
    url: `http://127.0.0.1:${port}`,
    client: () => RawClient.connect(port),
    reconfigure: (dynamic) => program.write("dynamic.yml", dynamic),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** Dynamic YAML: everything goes to the servers of one load balancer. */
export function forwardingTo(...urls: string[]): string {
  return [
    "http:",
    "  routers:",
    "    all:",
    "      rule: PathPrefix(`/`)",
    "      service: backend",
    "  services:",
    "    backend:",
    "      loadBalancer:",
    "        servers:",
    ...urls.map((url) => `          - url: ${JSON.stringify(url)}`),
    "",
  ].join("\n");
}

function staticConfiguration(port: number, options: RouterOptions): string {
  return [
    "entryPoints:",
    "  web:",
    `    address: "127.0.0.1:${port}"`,
    options.web ?? "",
    ...further(options).flatMap(([name, other, lines]) => [
      `  ${name}:`,
      `    address: "127.0.0.1:${other}"`,
      lines,
    ]),
    "providers:",
    "  file:",
    options.provider ?? "    filename: dynamic.yml",
    "    watch: true",
    options.providers ?? "",
    options.static ?? "",
    options.workers === undefined ? "" : `core: { workers: ${options.workers} }`,
    "",
  ].join("\n");
}

function further({ entryPoints = {} }: RouterOptions): [string, number, string][] {
  return Object.entries(entryPoints).map(([name, entry]) =>
    typeof entry === "number" ? [name, entry, ""] : [name, ...entry],
  );
}
