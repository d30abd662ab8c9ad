import { join } from "node:path";
import type { Row } from "../context.ts";
import { participants } from "../proxies/participants.ts";
import { goal, megabytes } from "../report/figures.ts";

const COUNT = 10_000;
/** Bytes. */
const AIM = 100e6;

/** Memory of a proxy that holds 10,000 idle connections, each of which has had one response. */
export const idleConnectionsRow: Row = async ({ settings, workspace, backend, progress }) => {
  const lines: string[][] = [];
  for (const [i, start] of participants(settings).entries()) {
    const proxy = await start(join(workspace, `idle-${i}`), backend);
    try {
      const before = proxy.process.rss();
      const holder = Bun.spawn(
        [
          "sh",
          "-c",
          'ulimit -n 32768 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"',
          "sh",
          process.execPath,
          join(import.meta.dirname, "../load/idle-connections-main.ts"),
          String(proxy.port),
          String(COUNT),
        ],
        { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
      );
      const { value } = await holder.stdout.getReader().read();
      const held = Number(new TextDecoder().decode(value));
      if (held !== COUNT) throw new Error(`${proxy.name}: ${held} of ${COUNT} connections`);
      // What the requests left behind may go first.
      await Bun.sleep(3000);
      const after = proxy.process.rss();
      holder.kill("SIGKILL");
      await holder.exited;
      progress(
        `${proxy.name}: ${megabytes(before)} before, ${megabytes(after)} with ${COUNT} connections`,
      );
      lines.push([
        proxy.name,
        megabytes(before),
        megabytes(after),
        proxy.name === "Sluice" ? goal(`at most ${megabytes(AIM)}`, after <= AIM) : "",
      ]);
    } finally {
      await proxy.process.stop();
    }
  }
  return {
    heading: `Resident memory with ${COUNT} idle keep-alive connections`,
    columns: ["proxy", "before", `with ${COUNT} connections`, "goal"],
    lines,
  };
};
