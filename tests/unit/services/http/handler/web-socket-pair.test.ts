import { expect, test } from "bun:test";
import { join } from "node:path";
import { ROOT } from "../../../../../scripts/paths.ts";

test("a pair that no response brings to a client leaves nothing behind", () => {
  const module = join(ROOT, "src/services/http/handler/web-socket/web-socket-response.ts");
  const program = `import { WebSocketPair } from ${JSON.stringify(module)}; new WebSocketPair();`;
  // A timer of the socket's would keep the program from its end.
  const { exitCode, signalCode } = Bun.spawnSync([process.execPath, "-e", program], {
    timeout: 20_000,
    stderr: "inherit",
  });
  expect([exitCode, signalCode ?? null]).toEqual([0, null]);
});
