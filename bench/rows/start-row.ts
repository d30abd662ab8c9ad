import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXECUTABLE, ROOT } from "../../scripts/paths.ts";
import type { Row } from "../context.ts";
import { MeasuredProcess } from "../measure/measured-process.ts";
import { freePorts } from "../measure/ports.ts";
import { sluiceCommand } from "../proxies/sluice-command.ts";
import { figure, goal, median } from "../report/figures.ts";

/** Milliseconds. */
const AIM = 250;
const PATIENCE = 10_000;
const TIMES = 10;

/** From the start of the process to its first complete answer: the built-in whoami. */
export const startRow: Row = async ({ workspace, progress }) => {
  const build = Bun.spawnSync([process.execPath, join(ROOT, "scripts/build.ts")], {
    stderr: "inherit",
  });
  if (build.exitCode !== 0) throw new Error("the executable can't be built");
  const lines: string[][] = [];
  for (const [name, command] of [
    ["dist/sluice", [EXECUTABLE]],
    ["bun runtime/bun/main.ts", sluiceCommand("bun")],
  ] as const) {
    const times: number[] = [];
    for (let i = 0; i < TIMES; i++)
      times.push(await startOnce(command, join(workspace, `start-${name.length}-${i}`)));
    const time = median(times);
    progress(`${name}: first answer after ${figure(time)} ms`);
    lines.push([
      name,
      `${figure(time)} ms`,
      name === "dist/sluice" ? goal(`under ${AIM} ms`, time < AIM) : "",
    ]);
  }
  return { heading: "Start to first answer", columns: ["program", "time", "goal"], lines };
};

async function startOnce(command: readonly string[], directory: string): Promise<number> {
  mkdirSync(directory, { recursive: true });
  const [port] = await freePorts(1);
  writeFileSync(
    join(directory, "dynamic.yml"),
    "http:\n  routers:\n    demo:\n      rule: PathPrefix(`/`)\n      service: whoami@internal\n",
  );
  writeFileSync(
    join(directory, "traefik.yml"),
    `entryPoints:\n  web:\n    address: "127.0.0.1:${port}"\nproviders:\n  file:\n    filename: dynamic.yml\n`,
  );
  const start = performance.now();
  const program = new MeasuredProcess([...command, "--configFile=traefik.yml"], directory);
  try {
    while (performance.now() - start < PATIENCE && !program.exited) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/`);
        await response.text();
        if (response.status === 200) return performance.now() - start;
      } catch {
        // It doesn't listen yet.
      }
      await Bun.sleep(1);
    }
    throw new Error(`no answer from ${command.join(" ")}:\n${program.stderr}`);
  } finally {
    program.kill();
  }
}
