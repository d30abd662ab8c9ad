import { createServer } from "node:net";

/** Below the range that systems take outgoing ports from, so that no connection is in the way. */
const LOWEST = 20_000;
const COUNT = 12_000;

/** "0/4": this process is the first of four at the same time, each with a part of the range. */
const [slot, slots] = (process.env["SLUICE_TEST_SLOT"] ?? "0/1").split("/").map(Number);
const SHARE = Math.floor(COUNT / slots);

const given = new Set<number>();

/** A TCP port on 127.0.0.1 that nothing listens on, and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = LOWEST + slot * SHARE + Math.floor(Math.random() * SHARE);
    if (given.has(port)) continue;
    if (await isFree(port)) {
      given.add(port);
      return port;
    }
  }
  throw new Error(`found no free port from ${LOWEST} to ${LOWEST + COUNT}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
