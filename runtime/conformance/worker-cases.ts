import assert from "node:assert/strict";
import type { Case } from "./case.ts";

const TASK = "read-dynamic-file";

/** Text that takes a while to parse. */
const LARGE = `http:\n  routers:\n${Array.from(
  { length: 2000 },
  (_, i) => `    router${i}: { rule: "Host(\`host${i}\`)", service: service }\n`,
).join("")}`;

/** `Runtime.inWorker`. */
export const WORKER_CASES: Case[] = [
  {
    name: "inWorker answers each task with its own output",
    async run(runtime) {
      const read = (name: string) =>
        runtime.inWorker(TASK, {
          name: "f.yml",
          text: `http: { middlewares: { ${name}: { addPrefix: { prefix: /a } } } }`,
        }) as Promise<string[]>;
      const outputs = await Promise.all(["one", "two", "three"].map(read));
      outputs.forEach((pieces, i) => {
        assert.ok(pieces.join().includes(`"${["one", "two", "three"][i]}"`));
      });
    },
  },
  {
    name: "inWorker leaves this thread free",
    async run(runtime) {
      let turns = 0;
      let done = false;
      const turn = () => {
        turns++;
        if (!done) setTimeout(turn, 0);
      };
      turn();
      await runtime.inWorker(TASK, { name: "f.yml", text: LARGE });
      done = true;
      assert.ok(turns > 5, `${turns} turns of the event loop meanwhile`);
    },
  },
  {
    name: "inWorker rejects with what the task threw, and goes on",
    async run(runtime) {
      await assert.rejects(runtime.inWorker("no-such-task", null), {
        message: 'there is no task "no-such-task"',
      });
      await assert.rejects(runtime.inWorker(TASK, null), Error);
      await assert.rejects(
        runtime.inWorker(TASK, () => {}),
        Error,
      );
      const output = await runtime.inWorker(TASK, { name: "f.yml", text: "" });
      assert.match(String(output), /"configuration"/);
    },
  },
];
