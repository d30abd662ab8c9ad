import { cpus, release, totalmem } from "node:os";
import { type Tool, toolPath } from "../../scripts/tool-path.ts";

/** The machine's kind and the programs' versions: nothing that names the machine. */
export function describeMachine(): string[] {
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `${cpus().length} cores, ${memory} GiB of memory, Linux ${/^\d+\.\d+/.exec(release())?.[0]}, ${process.arch}`,
    `Bun ${Bun.version}`,
    version("nginx", ["-v"], /nginx\/\S+/),
    version("haproxy", ["-v"], /HAProxy version [^\s-]+/),
    version("wrk", ["-v"], /wrk \S+/),
    version("h2load", ["--version"], /h2load \S+/),
  ];
}

function version(tool: Tool, args: string[], pattern: RegExp): string {
  const path = toolPath(tool);
  if (path === null) return `${tool} is not installed`;
  const { stdout, stderr } = Bun.spawnSync([path, ...args]);
  return pattern.exec(stdout.toString() + stderr.toString())?.[0] ?? tool;
}
