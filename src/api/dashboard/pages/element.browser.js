// One element: what is wrong with it, its way drawn, its figures, its configuration.

import { ask, SECTIONS } from "../api.browser.js";
import { badge, h, pathOf, redraw, row, section, table } from "../dom.browser.js";
import { charts, numbers } from "../figures.browser.js";
import { box, flow, routerStages, serviceStages } from "../flow.browser.js";
import { durationText, errorText, follow, rateText } from "../live.browser.js";

const SERVERS = ["Server", "Status", "Requests per second", "Server errors", "95 % within"];

const INSTANCES = ["Instance", "Status", "Process", "Restarts", "Memory", "CPU time", "Last ping"];

export async function elementPage({ path, name }, { every, leave }) {
  const [plane, kind] = path.split("/");
  const status = h("div", {});
  const way = h("div", {});
  const figures = h("div", {});
  const servers = h("div", {});
  const instances = h("div", {});
  const definition = h("pre", { tabindex: "0", "aria-label": "Configuration" });
  let element;
  const show = async () => {
    element = await ask(`${path}/${encodeURIComponent(name)}`);
    redraw(
      status,
      h("p", {}, badge(element.status), ` from the provider ${element.provider}`),
      errorList(element.error),
    );
    redraw(way, flow(`The way of ${name}`, await stagesOf(plane, kind, element)));
    redraw(instances, instanceTable(element));
    const exact = `"priority": ${element.priorityStr}`;
    const text = JSON.stringify(element, null, 2).replace(/"priority": -?[\d.e+]+/, exact);
    if (definition.textContent !== text) definition.textContent = text;
  };
  await show();
  every(5000, show);
  if (plane === "http" && kind !== "middlewares") {
    figures.append(h("p", { class: "quiet" }, "Figures come in a moment."));
    leave(
      follow(
        () => new URLSearchParams({ kind: kind.slice(0, -1), name }),
        (samples) => {
          const of = ({ owners }) => owners[name];
          redraw(figures, numbers(of(samples.at(-1))), charts(samples, of));
        },
      ),
    );
    if (kind === "services")
      leave(
        follow(
          () => new URLSearchParams({ kind: "server", name }),
          (samples) => redraw(servers, serverTable(element, samples.at(-1).owners)),
        ),
      );
  }
  const title = SECTIONS.find(([one]) => one === path)[1];
  return {
    title: name,
    nodes: [
      h("p", {}, h("a", { href: `#/${path}` }, `All ${title}`)),
      status,
      section("Its way", way),
      element.instances === undefined ? null : section("Processes", instances),
      figures.childNodes.length === 0 ? null : section("Figures", figures, servers),
      section("Configuration", definition),
    ],
  };
}

function errorList(errors = []) {
  if (errors.length === 0) return null;
  return h(
    "ul",
    { class: "problems", "aria-label": "Errors" },
    ...errors.map((error) => h("li", {}, error)),
  );
}

async function stagesOf(plane, kind, element) {
  if (kind === "routers") return routerStages(plane, element);
  const users = {
    title: "Used by",
    boxes: (element.usedBy ?? [])
      .slice(0, 20)
      .map((name) => box(name, { href: pathOf(`${plane}/routers`, name) })),
  };
  if (kind === "services") return [users, ...(await serviceStages(plane, element.name, element))];
  const inner = element.chain?.middlewares ?? [];
  return [
    users,
    {
      title: "Middleware",
      boxes: [box(element.name, { status: element.status, detail: element.type })],
    },
    { title: "Chain", boxes: inner.map((name) => box(name)) },
  ];
}

function serverTable({ serverStatus = {} }, live) {
  const all = Object.entries(serverStatus);
  if (all.length === 0) return "";
  return table(
    "Servers",
    SERVERS,
    all.map(([url, state]) =>
      row(SERVERS, [
        h("code", {}, url),
        badge(state),
        rateText(live[url]?.rate),
        errorText(live[url]),
        durationText(live[url]?.p95),
      ]),
    ),
  );
}

/** The processes of a function. */
function instanceTable({ instances = [] }) {
  if (instances.length === 0) return "";
  return table(
    "Instances",
    INSTANCES,
    instances.map(({ instance, status, pid, restarts, memory, cpu, latency }) =>
      row(INSTANCES, [
        String(instance),
        h("span", { class: status === "ready" ? "" : "bad" }, status),
        String(pid),
        String(restarts),
        `${Math.round(memory / 2 ** 20)} MiB`,
        `${cpu.toFixed(1)} s`,
        durationText(latency / 1000),
      ]),
    ),
  );
}
