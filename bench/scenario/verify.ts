import { statSync } from "node:fs";
import type { RunningProxy } from "../proxies/proxy.ts";
import {
  CASES,
  CHECK_PATH,
  CHECKED_HEADERS,
  HOST,
  REQUEST_HEADER,
  RESPONSE_HEADER,
} from "./scenario.ts";

/** Proves that the proxy does all of the scenario's work. Throws where it doesn't. */
export async function verifyProxy({ name, port }: RunningProxy): Promise<void> {
  const get = (path: string, host = HOST) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { Host: host } });
  const complain = (what: string) =>
    new Error(`${name} is not set up as the scenario says: ${what}`);
  const check = await routed(() => get(CHECK_PATH));
  const seen = await check.text();
  if (check.status !== 200) throw complain(`${check.status} for ${CHECK_PATH}: ${seen}`);
  if (check.headers.get(RESPONSE_HEADER[0]) !== RESPONSE_HEADER[1]) {
    throw complain(`no ${RESPONSE_HEADER[0]} in the response`);
  }
  if (!seen.includes(`${REQUEST_HEADER.join("=")}\n`))
    throw complain(`no ${REQUEST_HEADER[0]}: ${seen}`);
  for (const header of CHECKED_HEADERS) {
    if (!new RegExp(`^${header}=.`, "m").test(seen)) throw complain(`no ${header}: ${seen}`);
  }
  for (const { path, size } of Object.values(CASES)) {
    const response = await get(path);
    const { length } = await response.text();
    if (response.status !== 200 || length !== size) {
      throw complain(`${response.status} with ${length} bytes for ${path}`);
    }
  }
  const unknown = await get(CASES.small.path, "other.test");
  await unknown.text();
  if (unknown.status === 200) throw complain("it routes a host without a route");
}

/** Milliseconds that a proxy may listen without its routes, as Traefik does. */
const PATIENCE = 10_000;

/** The first answer that is no 404, or the last one of those. */
async function routed(ask: () => Promise<Response>): Promise<Response> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer.status !== 404 || performance.now() > deadline) return answer;
    await answer.text();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Proves that requests were logged. */
export function verifyAccessLog({ name, accessLog }: RunningProxy, requests: number): void {
  const { size } = statSync(accessLog);
  // No line is shorter than this.
  if (size < requests * 60)
    throw new Error(`${name} logged ${size} bytes for ${requests} requests`);
}
