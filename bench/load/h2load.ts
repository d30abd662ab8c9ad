import { toolPath } from "../../scripts/tool-path.ts";
import type { CpuClock } from "../measure/cpu-clock.ts";
import { LOAD_CORES, pinned } from "../measure/pinning.ts";
import { TLS } from "../scenario/certificate-files.ts";
import { HOST } from "../scenario/scenario.ts";
import type { Load } from "./load.ts";

/** What h2load is to do, and what it has to see. */
export interface H2loadOptions {
  readonly port: number;
  /** HTTP/1.1 over TLS, HTTP/2 over TLS, or HTTP/2 without TLS. */
  readonly protocol: "https" | "h2" | "h2c";
  readonly path: string;
  /** Bytes of each response's body. */
  readonly size: number;
  readonly connections: number;
  /** Requests at once on a connection; 1 for HTTP/1.1. */
  readonly streams: number;
  readonly seconds: number;
}

/**
 * Runs h2load with one thread. Throws where a response was not 2xx or incomplete, and where protocol,
 * TLS version, cipher or curve are not what all are compared with. Sets the clock to the time that counts.
 */
export async function h2load(options: H2loadOptions, clock?: CpuClock): Promise<Load> {
  const { port, protocol, path, size, connections, streams, seconds } = options;
  const tool = toolPath("h2load");
  if (tool === null) throw new Error("h2load is not installed");
  const secure = protocol !== "h2c";
  const command = [
    tool,
    "-t1",
    `-c${connections}`,
    `-m${streams}`,
    `-D${seconds}`,
    // Handshakes and connections to the backend are made in this time, which doesn't count.
    "--warm-up-time=1",
    ...(protocol === "https" ? ["--h1"] : []),
    ...(secure ? [`--tls13-ciphers=${TLS.cipher}`, `--groups=${TLS.curve}`] : []),
    // The name in the ClientHello is the URL's; the port in it would be part of the host otherwise.
    `--connect-to=127.0.0.1:${port}`,
    `-H:authority: ${HOST}`,
    `${secure ? "https" : "http"}://${HOST}${path}`,
  ];
  const child = Bun.spawn(pinned(LOAD_CORES, command), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  let started = false;
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (!started && text.includes("Main benchmark duration is started")) {
      started = true;
      clock?.restart();
    }
    if (text.includes("Main benchmark duration is over")) clock?.stop();
  }
  const code = await child.exited;
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
  const requests = number(/, (\d+) succeeded/);
  const perSecond = number(/, ([\d.]+) req\/s/);
  const failed = number(/(\d+) failed/) + number(/(\d+) errored/) + number(/(\d+) timeout/);
  // Of responses under way when the counting began or ended a part is counted.
  const certain = requests - connections * streams;
  const complete = number(/\((\d+)\) total/) >= certain * size;
  const others = number(/(\d+) 3xx/) + number(/(\d+) 4xx/) + number(/(\d+) 5xx/);
  const good = number(/(\d+) 2xx/) >= certain && others === 0 && failed === 0 && complete;
  const expected = [
    `Application protocol: ${protocol === "https" ? "http/1.1" : protocol}`,
    ...(secure
      ? [`TLS Protocol: ${TLS.version}`, `Cipher: ${TLS.cipher}`, `Server Temp Key: ${TLS.curve}`]
      : []),
  ];
  const missing = expected.filter((line) => !text.includes(line));
  if (code !== 0 || !(requests > 0) || !good || missing.length > 0) {
    const reason = missing.length > 0 ? ` without "${missing.join('", "')}"` : "";
    throw new Error(`the load on ${command.at(-1)} failed${reason}:\n${text}`);
  }
  return { requests, perSecond };
}
