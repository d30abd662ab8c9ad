import type { ProxyName, Settings } from "../settings.ts";
import { startCaddyProxy } from "./caddy.ts";
import { startHaproxyProxy } from "./haproxy.ts";
import { startNginxProxy } from "./nginx.ts";
import type { StartProxy } from "./proxy.ts";
import { startSluiceProxy } from "./sluice.ts";
import { sluiceCommand } from "./sluice-command.ts";
import { startTraefikProxy } from "./traefik.ts";

/** Names as in the tables. */
export const TITLES: Readonly<Record<ProxyName, string>> = {
  sluice: "Sluice",
  base: "before",
  nginx: "nginx",
  haproxy: "HAProxy",
  caddy: "Caddy",
  traefik: "Traefik",
};

/** The columns of this run's tables. */
export const columnsOf = ({ proxies }: Settings): string[] => proxies.map((name) => TITLES[name]);

/** How to start those who take part, in the order of the columns. */
export function participants(settings: Settings): StartProxy[] {
  const all: Record<ProxyName, StartProxy> = {
    sluice: startSluiceProxy(TITLES.sluice, sluiceCommand(settings.sluice)),
    base: startSluiceProxy(TITLES.base, sluiceCommand(settings.sluice, settings.base)),
    nginx: startNginxProxy,
    haproxy: startHaproxyProxy,
    caddy: startCaddyProxy,
    traefik: startTraefikProxy(settings.traefik ?? "traefik"),
  };
  return settings.proxies.map((name) => all[name]);
}
