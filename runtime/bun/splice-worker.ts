/** The thread that splices. Its place beside main.ts is what the runtime finds it by. */
import type { SpliceReport, SpliceStart } from "./splice/commands.ts";
import { DescriptorSet } from "./splice/descriptor-set.ts";
import { openLibc } from "./splice/libc.ts";
import { SpliceLoop } from "./splice/splice-loop.ts";

const scope = globalThis as unknown as {
  onmessage: ((event: { data: SpliceStart }) => void) | null;
  postMessage(report: SpliceReport): void;
};

scope.onmessage = ({ data: { commands, held } }) => {
  scope.onmessage = null;
  const loop = new SpliceLoop(openLibc(), commands, new DescriptorSet(held), (ended) =>
    scope.postMessage({ ended }),
  );
  loop.run();
};
