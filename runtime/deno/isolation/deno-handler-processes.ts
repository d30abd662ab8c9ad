import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import type {
  HandlerProcesses,
  HandlerProcessOptions,
  ModulePermission,
} from "../../../src/net/host/handler-processes.ts";
import { type ChildCommand, nodeHandlerProcesses } from "../../node/isolation/handler-processes.ts";

const NAMES: readonly ModulePermission[] = [
  "read",
  "write",
  "net",
  "env",
  "run",
  "sys",
  "ffi",
  "import",
];

const CONFIGURATIONS = ["deno.json", "deno.jsonc"];

/** Modules in processes of Deno, which have the permissions that are configured and no others. */
export function denoHandlerProcesses(): HandlerProcesses {
  return nodeHandlerProcesses(null, command);
}

function command({ module, socket, permissions }: HandlerProcessOptions): ChildCommand {
  const child = new URL("./handler-child.ts", import.meta.url);
  const entry = `${socket}.ts`;
  const source = [
    `import { handlerChild } from ${JSON.stringify(child.href)};`,
    `await handlerChild(() => import(${JSON.stringify(pathToFileURL(module).href)}));`,
    "",
  ];
  writeFileSync(entry, source.join("\n"), { mode: 0o600 });
  // To listen, until it does; where all is allowed there is nothing to add and to give up.
  const needed: Partial<Record<ModulePermission, string>> = {
    read: socket,
    write: socket,
    net: `unix:${socket}`,
    env: "DENO_DIR",
  };
  const flags: string[] = [];
  const giveUp: string[] = [];
  for (const name of NAMES) {
    const values = permissions[name] ?? [];
    if (values.includes("*")) {
      flags.push(`--allow-${name}`);
      continue;
    }
    const own = needed[name];
    const all = own === undefined ? values : [...values, own];
    if (all.length > 0) flags.push(`--allow-${name}=${all.join(",")}`);
    if (own !== undefined) giveUp.push(name);
  }
  return {
    program: process.execPath,
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-lock",
      // A request's signal aborts where the client goes away, and not with each response.
      "--unstable-no-legacy-abort",
      "--node-modules-dir=none",
      ...packagesFor(module),
      ...flags,
      entry,
    ],
    cwd: dirname(module),
    env: { DENO_DIR: denoDirectory(), NO_COLOR: "1" },
    giveUp,
  };
}

/** The module's own configuration, or else the packages that the router brings. */
function packagesFor(module: string): string[] {
  for (let directory = dirname(module); ; directory = dirname(directory)) {
    const found = CONFIGURATIONS.map((name) => join(directory, name)).find((path) =>
      existsSync(path),
    );
    if (found !== undefined) return [`--config=${found}`];
    if (directory === dirname(directory)) break;
  }
  // The package on npm has none.
  const own = fileURLToPath(new URL("../import-map.json", import.meta.url));
  return existsSync(own) ? [`--import-map=${own}`] : [];
}

/** Where Deno keeps what it has downloaded, by its own rule. */
function denoDirectory(): string {
  const { DENO_DIR, XDG_CACHE_HOME, HOME = "/" } = process.env;
  return DENO_DIR || join(XDG_CACHE_HOME || join(HOME, ".cache"), "deno");
}
