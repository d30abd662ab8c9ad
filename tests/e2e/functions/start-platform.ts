import { join } from "node:path";
import { denoBinary } from "../../../scripts/deno-binary.ts";
import { FLAVOUR } from "../../support/flavour.ts";

/** The platform's own server, which ends with `await using`. */
export interface Platform extends AsyncDisposable {
  readonly port: number;
}

/** A module of this folder behind Deno.serve where Deno is tested, else behind Bun.serve. */
export async function startPlatform(module: string, directory?: string): Promise<Platform> {
  const program = join(import.meta.dirname, "platform-server.ts");
  const command = FLAVOUR === "deno" ? [denoBinary(), "run", "--quiet", "-A"] : [process.execPath];
  const child = Bun.spawn([...command, program, join(import.meta.dirname, module)], {
    cwd: directory,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const port = await portOf(child.stdout);
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

/** The port that a server prints on a line of its own, behind what the module may print. */
async function portOf(stdout: ReadableStream<Uint8Array>): Promise<number> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stdout) {
    text += decoder.decode(bytes, { stream: true });
    const port = /^(\d+)\n/m.exec(text)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error(`The platform's server ended: ${text}`);
}
