// The frame of the dashboard: addresses, navigation, search, and which page is seen.

import { ask, SECTIONS } from "./api.browser.js";
import { h } from "./dom.browser.js";
import { activityPage } from "./pages/activity.browser.js";
import { elementPage } from "./pages/element.browser.js";
import { explainPage } from "./pages/explain.browser.js";
import { listPage } from "./pages/list.browser.js";
import {
  certificatePage,
  certificatesPage,
  entryPointPage,
  entryPointsPage,
  providersPage,
  searchPage,
} from "./pages/other.browser.js";
import { overviewPage } from "./pages/overview.browser.js";

const PAGES = {
  "": overviewPage,
  entrypoints: entryPointsPage,
  certificates: certificatesPage,
  providers: providersPage,
  activity: activityPage,
  explain: explainPage,
  search: searchPage,
};
const ONE = { entrypoints: entryPointPage, certificates: certificatePage };
const LINKS = [
  ["", "Overview"],
  ["entrypoints", "Entrypoints"],
  ...SECTIONS,
  ["certificates", "Certificates"],
  ["providers", "Providers"],
  ["activity", "Activity"],
  ["explain", "Explain"],
];

const main = document.getElementById("main");
const search = document.getElementById("search");
let leaving = [];
let round = 0;

/** "#/http/routers/x%40file?page=2" in its parts. */
function address() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/");
  const length = SECTIONS.some(([one]) => one === parts.slice(0, 2).join("/")) ? 2 : 1;
  return {
    path: parts.slice(0, length).join("/"),
    name: parts.length > length ? decodeURIComponent(parts.slice(length).join("/")) : undefined,
    query: new URLSearchParams(query),
  };
}

function pageOf({ path, name }) {
  if (SECTIONS.some(([one]) => one === path)) return name === undefined ? listPage : elementPage;
  return name === undefined ? PAGES[path] : ONE[path];
}

async function show() {
  const mine = ++round;
  for (const stop of leaving) stop();
  leaving = [];
  const place = address();
  const context = {
    every(period, refresh) {
      const timer = setInterval(() => {
        if (!document.hidden) refresh().catch(() => {});
      }, period);
      context.leave(() => clearInterval(timer));
    },
    leave(stop) {
      if (mine === round) leaving.push(stop);
      else stop();
    },
    /** Another address for what is seen, without another page. */
    replace(path, query) {
      const text = String(query);
      history.replaceState(null, "", `#/${path}${text === "" ? "" : `?${text}`}`);
    },
  };
  main.setAttribute("aria-busy", "true");
  let page;
  try {
    const create = pageOf(place);
    if (create === undefined) throw new Error("There is no such page.");
    page = await create(place, context);
  } catch (error) {
    page = { title: "That did not work", nodes: [h("p", { class: "problems" }, error.message)] };
  }
  if (mine !== round) return;
  const heading = h("h1", { tabindex: "-1" }, page.title);
  main.replaceChildren(heading, ...page.nodes.filter((node) => node !== null));
  main.removeAttribute("aria-busy");
  document.title = `${page.title} · Sluice`;
  for (const link of document.querySelectorAll("#links a")) {
    const here = link.getAttribute("href") === `#/${place.path}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (place.path !== "search") {
    document.getElementById("menu").removeAttribute("open");
    if (mine > 1) heading.focus();
  }
}

document
  .getElementById("links")
  .append(...LINKS.map(([path, title]) => h("li", {}, h("a", { href: `#/${path}` }, title))));

let waiting;
search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const target = `#/search?${new URLSearchParams({ q: search.value })}`;
    if (address().path === "search") {
      history.replaceState(null, "", target);
      void show();
    } else location.hash = target;
  }, 200);
});
document.getElementById("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  main.querySelector("a")?.focus();
});
// Not by its address: that is the page's.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    search.focus();
  }
});

const theme = document.getElementById("theme");
const wanted = localStorage.getItem("theme") ?? "";
theme.value = wanted;
document.documentElement.dataset.theme = wanted;
theme.addEventListener("change", () => {
  localStorage.setItem("theme", theme.value);
  document.documentElement.dataset.theme = theme.value;
});

addEventListener("hashchange", () => void show());
ask("version").then(
  ({ Version, dashboardName }) => {
    document.getElementById("version").textContent = [dashboardName, Version]
      .filter(Boolean)
      .join(" · ");
  },
  () => {},
);
void show();
