// Elements of the page, made without a library: the dashboard redraws what has changed and no more.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "line", "text", "title"]);

/** An element with attributes and children; `onclick` and the like are listeners, null children are left out. */
export function h(tag, attributes = {}, ...children) {
  const made = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(4).filter((child) => child !== null && child !== undefined));
  return made;
}

/** Puts children in the place of those before, unless they are equal; the focus stays where it was. */
export function redraw(parent, ...children) {
  const next = h("div", {}, ...children);
  if (next.innerHTML === parent.innerHTML) return;
  const keyOf = (node) => node.getAttribute("href") ?? node.getAttribute("aria-label") ?? node.id;
  const focused = parent.contains(document.activeElement) ? keyOf(document.activeElement) : "";
  const scrolled = [...parent.querySelectorAll(".scroll")].map(({ scrollLeft }) => scrollLeft);
  parent.replaceChildren(...next.childNodes);
  for (const [i, node] of parent.querySelectorAll(".scroll").entries())
    node.scrollLeft = scrolled[i] ?? 0;
  if (focused === "") return;
  for (const candidate of parent.querySelectorAll("a, [tabindex]"))
    if (keyOf(candidate) === focused) candidate.focus();
}

/** What an element's page is: its plane, section and name in the address. */
export function pathOf(section, name) {
  return `#/${section}/${encodeURIComponent(name)}`;
}

const STATUS_WORDS = {
  enabled: "fine",
  warning: "warning",
  disabled: "broken",
  expired: "expired",
  UP: "up",
  DOWN: "down",
  DRAINING: "draining",
};

/** A word and a mark: colour alone says nothing. */
export function badge(status) {
  return h("span", { class: `badge ${status}` }, STATUS_WORDS[status] ?? status);
}

export function table(caption, headings, rows) {
  return h(
    "div",
    { class: "scroll", role: "region", "aria-label": caption, tabindex: "0" },
    h(
      "table",
      {},
      h("caption", { class: "quiet" }, caption),
      h("thead", {}, h("tr", {}, ...headings.map((heading) => h("th", { scope: "col" }, heading)))),
      h("tbody", {}, ...rows),
    ),
  );
}

/** A row; on a narrow screen each cell shows its heading itself. */
export function row(headings, cells) {
  return h("tr", {}, ...cells.map((cell, i) => h("td", { "data-heading": headings[i] }, cell)));
}

export function section(title, ...children) {
  return h("section", {}, h("h2", {}, title), ...children);
}

/** "3 minutes ago". */
export function ago(milliseconds, now = Date.now()) {
  const seconds = Math.round((milliseconds - now) / 1000);
  const units = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(
    Math.trunc(seconds / size),
    unit,
  );
}

export function time(milliseconds) {
  const date = new Date(milliseconds);
  return h(
    "time",
    { datetime: date.toISOString(), title: date.toLocaleString() },
    ago(milliseconds),
  );
}
