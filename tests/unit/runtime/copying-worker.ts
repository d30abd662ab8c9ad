/** The thread that splices, on a kernel that refuses to. */
import type { SpliceReport, SpliceStart } from "../../../runtime/bun/splice/commands.ts";
import { DescriptorSet } from "../../../runtime/bun/splice/descriptor-set.ts";
import { openLibc } from "../../../runtime/bun/splice/libc.ts";
import { SpliceLoop } from "../../../runtime/bun/splice/splice-loop.ts";

const scope = globalThis as unknown as {
  onmessage: (event: { data: SpliceStart }) => void;
  postMessage(report: SpliceReport): void;
};

scope.onmessage = ({ data: { commands, held } }) => {
  const libc = openLibc();
  const refusing = {
    ...libc,
    splice: () => {
      // Sets errno to another reason than that a socket isn't ready.
      libc.close(-1);
      return -1;
    },
  };
  const report = (ended: number[]) => scope.postMessage({ ended });
  new SpliceLoop(refusing, commands, new DescriptorSet(held), report).run();
};
