import { join } from "node:path";
import { startServer } from "../measure/measured-process.ts";
import { LOAD_CORES } from "../measure/pinning.ts";
import { freePorts } from "../measure/ports.ts";

/** Starts a process that appends all that comes on a TCP port to a file; returns the port. */
export async function startLogSink(directory: string, file: string): Promise<number> {
  const [port] = await freePorts(1);
  const script = join(import.meta.dirname, "log-sink-main.ts");
  await startServer([process.execPath, script, String(port), file], directory, port, {
    cores: LOAD_CORES,
  });
  return port;
}
