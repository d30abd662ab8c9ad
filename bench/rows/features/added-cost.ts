import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchContext, Result } from "../../context.ts";
import { wrk } from "../../load/wrk.ts";
import { startServer } from "../../measure/measured-process.ts";
import { freePorts } from "../../measure/ports.ts";
import { type Candidate, measureTogether } from "../../measure/together.ts";
import { sluiceCommand } from "../../proxies/sluice-command.ts";
import { figure } from "../../report/figures.ts";
import { CASES, HOST } from "../../scenario/scenario.ts";
import { writeSluice } from "./write-sluice.ts";

interface Variant extends Candidate {
  readonly port: number;
}

/** What one more feature changes about Sluice with a single router. */
export interface Feature {
  /** Lines of the static configuration. */
  readonly lines?: string;
  /** A middleware of the router: its kind and options. */
  readonly middleware?: string;
  /** Where requests go instead of the usual path. */
  readonly path?: string;
}

export interface AddedCostOptions {
  readonly name: string;
  /** What stands in front of the bare request's microseconds in the heading. */
  readonly heading: string;
  readonly column: string;
  /** Given the backend's port. */
  readonly features: (upstream: number) => Readonly<Record<string, Feature>>;
  readonly headers?: readonly string[];
  /** Written beside the configuration. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Runs Sluice without a feature and with each, and tells what each adds to a request. */
export async function addedCost(
  context: BenchContext,
  { name, heading, column, features, headers, files = {} }: AddedCostOptions,
): Promise<Result> {
  const { settings, workspace, backend } = context;
  const [upstream] = backend.ports;
  const variants: Readonly<Record<string, Feature>> = { none: {}, ...features(upstream) };
  const candidates: Variant[] = [];
  try {
    for (const [i, [title, feature]] of Object.entries(variants).entries()) {
      const directory = join(workspace, `${name}-${i}`);
      const [port] = await freePorts(1);
      writeSluice(directory, port, sluiceHttp(upstream, feature), feature.lines);
      for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
      const command = [...sluiceCommand(settings.sluice), "--configFile=traefik.yml"];
      const process = await startServer(command, directory, port);
      candidates.push({ name: title, port, compiles: true, process });
    }
    const costs = await measureTogether(context, name, candidates, async (variant, seconds) =>
      wrk({
        url: `http://127.0.0.1:${variant.port}${variants[variant.name].path ?? CASES.small.path}`,
        host: HOST,
        connections: settings.connections,
        seconds,
        headers,
      }),
    );
    const [none, ...others] = costs;
    return {
      heading: `${heading} ${figure(none.cpu)} microseconds`,
      columns: [column, "microseconds", "share"],
      lines: others.map(({ name, cpu }) => [
        name,
        (cpu - none.cpu).toFixed(1),
        `${((cpu / none.cpu - 1) * 100).toFixed(0)} %`,
      ]),
      data: costs,
    };
  } finally {
    for (const { process } of candidates) process.kill();
  }
}

function sluiceHttp(upstream: number, { middleware }: Feature): string {
  const [used, defined] =
    middleware === undefined
      ? ["", ""]
      : ["      middlewares: [it]\n", `  middlewares:\n    it: { ${middleware} }\n`];
  return `  routers:
    all:
      rule: PathPrefix(\`/\`)
      service: backend
${used}${defined}  services:
    backend: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${upstream}" }] } }
`;
}
