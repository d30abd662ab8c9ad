// A section's elements, page by page.

import { askList, SECTIONS } from "../api.browser.js";
import { badge, h, pathOf, redraw, row, table } from "../dom.browser.js";
import { durationText, errorText, follow, rateText } from "../live.browser.js";

const PER_PAGE = 25;
const COLUMNS = {
  routers: [
    ["Rule", ({ rule }) => h("code", {}, rule ?? "")],
    ["Entrypoints", ({ entryPoints = [] }) => entryPoints.join(", ")],
    ["Service", ({ service = "" }) => service],
    ["Priority", ({ priorityStr = "" }) => priorityStr],
  ],
  services: [
    ["Type", ({ type = "" }) => type],
    ["Servers", servers],
    ["Used by", ({ usedBy = [] }) => used(usedBy)],
  ],
  middlewares: [
    ["Type", ({ type = "" }) => type],
    ["Used by", ({ usedBy = [] }) => used(usedBy)],
  ],
};
const SORTS = {
  routers: ["name", "provider", "priority", "status", "rule", "service"],
  services: ["name", "provider", "type", "servers", "status"],
  middlewares: ["name", "provider", "type", "status"],
};
const LIVE = [
  ["Req/s", ({ rate } = {}) => rateText(rate)],
  ["Errors", (now) => errorText(now)],
  ["95 % within", ({ p95 } = {}) => durationText(p95)],
];

export async function listPage({ path, query }, { every, leave, replace }) {
  const title = SECTIONS.find(([section]) => section === path)[1];
  const [plane, kind] = path.split("/");
  const kindOfLive = plane === "http" && kind !== "middlewares" ? kind.slice(0, -1) : undefined;
  const columns = COLUMNS[kind].filter(
    ([name]) => plane !== "udp" || !["Rule", "Priority"].includes(name),
  );
  const headings = ["Status", "Name", ...columns.map(([name]) => name), "Provider"];
  if (kindOfLive !== undefined) headings.push(...LIVE.map(([name]) => name));
  let elements = [];
  let live = {};
  const results = h("div", {});
  const count = h("p", { role: "status" });
  const pages = h("nav", { "aria-label": "Pages", class: "pages" });
  const drawRows = () => {
    const rows = elements.map((element) =>
      row(headings, [
        badge(element.status),
        h("a", { href: pathOf(path, element.name) }, element.name),
        ...columns.map(([, show]) => show(element)),
        element.provider,
        ...(kindOfLive === undefined ? [] : LIVE.map(([, show]) => show(live[element.name]))),
      ]),
    );
    redraw(
      results,
      elements.length === 0 ? h("p", {}, "Nothing matches.") : table(title, headings, rows),
    );
  };
  const show = async () => {
    const wanted = new URLSearchParams(query);
    const page = Number(wanted.get("page") ?? 1);
    wanted.set("per_page", String(PER_PAGE));
    let answer;
    try {
      answer = await askList(`${path}?${wanted}`);
    } catch (error) {
      if (page === 1) throw error;
      // There are fewer than before.
      query.delete("page");
      return show();
    }
    elements = answer.body;
    const text = `${answer.total.toLocaleString("en")} found`;
    if (count.textContent !== text) count.textContent = text;
    redraw(pages, ...pageLinks(path, query, page, Math.ceil(answer.total / PER_PAGE)));
    drawRows();
  };
  await show();
  every(5000, show);
  if (kindOfLive !== undefined)
    leave(
      follow(
        () => {
          const names = new URLSearchParams({ kind: kindOfLive });
          for (const { name } of elements) names.append("name", name);
          return names;
        },
        (samples) => {
          live = samples.at(-1).owners;
          drawRows();
        },
      ),
    );
  return {
    title,
    nodes: [
      filterForm(query, SORTS[kind], show, () => replace(path, query)),
      count,
      results,
      pages,
    ],
  };
}

/** Changes take effect at once; the address follows, so that a list can be kept and sent. */
function filterForm(query, sorts, show, replace) {
  let waiting;
  const changed = (name) => (event) => {
    const { value } = event.target;
    if (value === "") query.delete(name);
    else query.set(name, value);
    query.delete("page");
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      replace();
      void show();
    }, 150);
  };
  const choice = (name, label, options) =>
    h(
      "label",
      {},
      label,
      h(
        "select",
        { id: name, onchange: changed(name) },
        ...options.map(([value, text]) =>
          h("option", { value, selected: value === (query.get(name) ?? "") }, text),
        ),
      ),
    );
  return h(
    "form",
    {
      class: "filter",
      role: "search",
      "aria-label": "Filter this list",
      onsubmit: (event) => event.preventDefault(),
    },
    h(
      "label",
      {},
      "Name or rule",
      h("input", {
        type: "search",
        id: "filter",
        value: query.get("search") ?? "",
        oninput: changed("search"),
      }),
    ),
    choice("status", "Status", [
      ["", "any"],
      ["enabled", "fine"],
      ["warning", "warning"],
      ["disabled", "broken"],
    ]),
    choice("sortBy", "Sort by", [["", "name"], ...sorts.slice(1).map((name) => [name, name])]),
    choice("direction", "Order", [
      ["", "ascending"],
      ["desc", "descending"],
    ]),
  );
}

function pageLinks(path, query, page, last) {
  if (last < 2) return [];
  const link = (to, text) => {
    const other = new URLSearchParams(query);
    other.set("page", String(to));
    return to < 1 || to > last
      ? h("span", { class: "quiet" }, text)
      : h("a", { href: `#/${path}?${other}` }, text);
  };
  return [
    link(page - 1, "Previous"),
    h("span", {}, `Page ${page} of ${last}`),
    link(page + 1, "Next"),
  ];
}

function servers({ loadBalancer, serverStatus = {} }) {
  const all = loadBalancer?.servers ?? [];
  if (all.length === 0) return "";
  const down = Object.values(serverStatus).filter((status) => status === "DOWN").length;
  return down === 0
    ? String(all.length)
    : h("span", { class: "bad" }, `${all.length}, ${down} down`);
}

function used(routers) {
  if (routers.length === 0) return h("span", { class: "quiet" }, "no router");
  return routers.length <= 2 ? routers.join(", ") : `${routers.length} routers`;
}
