// The way of a request, drawn: entrypoint, router, middlewares, service, servers.

import { find, qualified } from "./api.browser.js";
import { badge, h, pathOf } from "./dom.browser.js";

/** Services within services that are drawn. */
const DEEPEST = 4;
const MOST = 20;

/** Stages from left to right, each a title and its boxes; empty ones are left out. */
export function flow(label, stages) {
  return h(
    "ol",
    { class: "flow", "aria-label": label },
    ...stages
      .filter(({ boxes }) => boxes.length > 0)
      .map(({ title, boxes }) => h("li", {}, h("h3", {}, title), h("ul", {}, ...boxes))),
  );
}

export function box(name, { status, detail, href } = {}) {
  return h(
    "li",
    { class: `box ${status ?? ""}` },
    href === undefined ? h("span", {}, name) : h("a", { href }, name),
    status === undefined ? null : badge(status),
    detail === undefined ? null : h("span", { class: "quiet" }, detail),
  );
}

/** The stages of a router. */
export async function routerStages(plane, router) {
  const service = router.service && qualified(router.service, router.provider);
  const middlewares = router.middlewares ?? [];
  const [found, ...links] = await Promise.all([
    service ? find(`${plane}/services`, service) : undefined,
    ...middlewares.slice(0, MOST).map((name) => find(`${plane}/middlewares`, name)),
  ]);
  return [
    {
      title: "Entrypoints",
      boxes: (router.entryPoints ?? []).map((name) =>
        box(name, { href: pathOf("entrypoints", name) }),
      ),
    },
    {
      title: "Below",
      boxes: (router.parentRefs ?? []).map((name) =>
        box(name, { href: pathOf("http/routers", name) }),
      ),
    },
    {
      title: "Router",
      boxes: [box(router.name, { status: router.status, detail: router.rule })],
    },
    {
      title: "Middlewares",
      boxes: middlewares.slice(0, MOST).map((name, i) =>
        box(name, {
          status: links[i]?.status ?? "disabled",
          detail: links[i]?.type,
          href: pathOf(`${plane}/middlewares`, name),
        }),
      ),
    },
    ...(service ? await serviceStages(plane, service, found) : []),
  ];
}

/** The stages of a service: itself, those it is made of, their servers. */
export async function serviceStages(plane, name, service, depth = 0) {
  const stage = {
    title: depth === 0 ? "Service" : "Services",
    boxes: [
      box(name, {
        status: service?.status ?? (name.endsWith("@internal") ? "enabled" : "disabled"),
        detail: service?.type,
        href: pathOf(`${plane}/services`, name),
      }),
    ],
  };
  const servers = serversOf(service);
  if (servers.length > 0 || service === undefined)
    return [stage, { title: "Servers", boxes: servers }];
  const children = childrenOf(service).slice(0, MOST);
  if (children.length === 0 || depth >= DEEPEST) return [stage];
  const below = await Promise.all(
    children.map(async ([reference, role]) => {
      const child = qualified(reference, service.provider);
      const stages = await serviceStages(
        plane,
        child,
        await find(`${plane}/services`, child),
        depth + 1,
      );
      stages[0].boxes[0].append(h("span", { class: "quiet" }, role));
      return stages;
    }),
  );
  const merged = [];
  for (const stages of below)
    for (const [i, { title, boxes }] of stages.entries()) {
      merged[i] ??= { title, boxes: [] };
      merged[i].boxes.push(...boxes);
    }
  return [stage, ...merged];
}

function serversOf(service) {
  const servers = service?.loadBalancer?.servers ?? [];
  return servers.slice(0, MOST).map((server) => {
    const address = server.url ?? server.address;
    const detail = server.weight === undefined ? undefined : `weight ${server.weight}`;
    return box(address, { status: service.serverStatus?.[address], detail });
  });
}

/** The services that a service names, with what each is for. */
export function childrenOf({ weighted, highestRandomWeight, mirroring, failover }) {
  return [
    ...(weighted?.services ?? []).map(({ name, weight = 1 }) => [name, `weight ${weight}`]),
    ...(highestRandomWeight?.services ?? []).map(({ name, weight = 1 }) => [
      name,
      `weight ${weight}`,
    ]),
    ...(mirroring === undefined ? [] : [[mirroring.service, "answers"]]),
    ...(mirroring?.mirrors ?? []).map(({ name, percent = 0 }) => [name, `copy of ${percent} %`]),
    ...(failover === undefined
      ? []
      : [
          [failover.service, "first"],
          [failover.fallback, "where the first is down"],
        ]),
  ];
}
