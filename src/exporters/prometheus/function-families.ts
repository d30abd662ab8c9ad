import type { FunctionStates, InstanceState } from "../../isolation/supervisor.ts";
import type { Labels, TextFormat } from "./text-format.ts";

const FAMILIES: readonly {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly value: (instance: InstanceState) => number;
}[] = [
  {
    name: "sluice_function_up",
    type: "gauge",
    help: "Whether an instance of a function answers.",
    value: ({ status }) => (status === "ready" ? 1 : 0),
  },
  {
    name: "sluice_function_cpu_seconds_total",
    type: "counter",
    help: "Processor time of the present process of an instance, in seconds.",
    value: ({ cpu }) => cpu,
  },
  {
    name: "sluice_function_memory_bytes",
    type: "gauge",
    help: "Resident memory of an instance, in bytes.",
    value: ({ memory }) => memory,
  },
  {
    name: "sluice_function_restarts_total",
    type: "counter",
    help: "How often the process of an instance was replaced.",
    value: ({ restarts }) => restarts,
  },
  {
    name: "sluice_function_ping_seconds",
    type: "gauge",
    help: "How long an instance took to answer the last ping, in seconds.",
    value: ({ latency }) => latency / 1000,
  },
];

/** Sluice's own: what is seen of functions in processes of their own. */
export function functionFamilies(format: TextFormat, functions: FunctionStates): void {
  for (const { name, type, help, value } of FAMILIES) {
    for (const [service, instances] of Object.entries(functions)) {
      for (const instance of instances) {
        const labels: Labels = [
          ["service", service],
          ["instance", String(instance.instance)],
        ];
        format.family(name, type, help);
        format.sample(name, labels, value(instance));
      }
    }
  }
}
