import type { StaticConfiguration } from "../../config/static/schema.ts";
import type { Listening } from "../../server/data-plane.ts";
import { VERSION } from "../version.ts";
import { counted } from "./words.ts";

/** Addresses that stand for all of the machine's. */
const EVERYWHERE = new Set(["", "::", "0.0.0.0"]);

/** What a person at a terminal is told of a start, whatever the log's level: that it runs, and where. */
export function greeting(
  configuration: Pick<StaticConfiguration, "entryPoints">,
  listening: readonly Listening[],
  { routers, services }: { readonly routers: number; readonly services: number },
): string {
  const width = Math.max(0, ...listening.map(({ entryPoint }) => entryPoint.length));
  const lines = listening.map(
    (where) => `  ${where.entryPoint.padEnd(width)}  ${urlOf(where, configuration)}\n`,
  );
  const what = `${counted(routers, "router")}, ${counted(services, "service")}`;
  return `Sluice ${VERSION} is running with ${what}. Ctrl-C ends it.\n${lines.join("")}`;
}

/** What a terminal makes a link of; "localhost" for an entrypoint that listens everywhere. */
function urlOf(
  { entryPoint, network, address: { ip, port } }: Listening,
  { entryPoints }: Pick<StaticConfiguration, "entryPoints">,
): string {
  const host = EVERYWHERE.has(ip) ? "localhost" : ip.includes(":") ? `[${ip}]` : ip;
  if (network === "udp") return `udp://${host}:${port}`;
  const secure = entryPoints[entryPoint]?.http.tls !== undefined || port === 443;
  const scheme = secure ? "https" : "http";
  const preset = secure ? 443 : 80;
  return `${scheme}://${host}${port === preset ? "" : `:${port}`}/`;
}
