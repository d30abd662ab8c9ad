// The dashboard's script, as the browser runs it. Everything it shows comes from the API beside it.

const KINDS = [
  ["http/routers", "HTTP routers", ["rule", "entryPoints", "service", "middlewares"]],
  ["http/services", "HTTP services", ["type", "servers"]],
  ["http/middlewares", "HTTP middlewares", ["type"]],
  ["tcp/routers", "TCP routers", ["rule", "entryPoints", "service", "middlewares"]],
  ["tcp/services", "TCP services", ["type", "servers"]],
  ["tcp/middlewares", "TCP middlewares", ["type"]],
  ["udp/routers", "UDP routers", ["entryPoints", "service"]],
  ["udp/services", "UDP services", ["type", "servers"]],
];
const TITLES = {
  rule: "Rule",
  entryPoints: "Entrypoints",
  service: "Service",
  middlewares: "Middlewares",
  type: "Type",
  servers: "Servers",
};
const REFRESH = 5000;
const PER_PAGE = 50;

const byId = (id) => document.getElementById(id);
let page = 1;
let round = 0;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
}

async function ask(path) {
  const response = await fetch(`../api/${path}`);
  const body = await response.json();
  if (!response.ok) throw new Error(body.message);
  return { body, next: Number(response.headers.get("X-Next-Page") ?? 1) };
}

function cell(row, column) {
  const value = column === "servers" ? row.loadBalancer?.servers : row[column];
  if (column === "servers")
    return (value ?? []).map((server) => server.url ?? server.address).join(", ");
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}

function showDetails(row) {
  byId("details-title").textContent = row.name;
  byId("errors").replaceChildren(
    ...(row.error ?? []).map((error) => element("li", error, "disabled")),
  );
  byId("definition").textContent = JSON.stringify(row, null, 2);
  byId("details").showModal();
}

function rowOf(row, columns) {
  const shown = document.createElement("tr");
  const name = document.createElement("td");
  const button = element("button", row.name);
  button.type = "button";
  button.addEventListener("click", () => showDetails(row));
  name.append(button);
  shown.append(element("td", row.status, row.status), name);
  for (const column of columns) shown.append(element("td", cell(row, column)));
  shown.append(element("td", row.provider));
  return shown;
}

async function showElements() {
  const mine = ++round;
  const [path, , columns] = KINDS[byId("kind").selectedIndex];
  const query = new URLSearchParams({ page: String(page), per_page: String(PER_PAGE) });
  for (const id of ["search", "status"]) if (byId(id).value !== "") query.set(id, byId(id).value);
  try {
    const { body, next } = await ask(`${path}?${query}`);
    // An answer to what was asked before the last change is no longer wanted.
    if (mine !== round) return;
    const head = document.createElement("tr");
    for (const title of [
      "Status",
      "Name",
      ...columns.map((column) => TITLES[column]),
      "Provider",
    ]) {
      const heading = element("th", title);
      heading.scope = "col";
      head.append(heading);
    }
    byId("head").replaceChildren(head);
    byId("rows").replaceChildren(...body.map((row) => rowOf(row, columns)));
    byId("message").textContent = body.length === 0 ? "Nothing matches." : "";
    byId("page").textContent = `Page ${page}`;
    byId("previous").disabled = page === 1;
    byId("next").disabled = next === 1;
  } catch (error) {
    if (mine !== round) return;
    if (page > 1) {
      page = 1;
      void showElements();
      return;
    }
    byId("message").textContent = `The API could not be read: ${error.message}`;
  }
}

async function showOverview() {
  try {
    const { body } = await ask("overview");
    const items = KINDS.map(([path, title]) => {
      const [plane, section] = path.split("/");
      const { total, warnings, errors } = body[plane][section];
      const trouble = [
        warnings > 0 ? `${warnings} with warnings` : "",
        errors > 0 ? `${errors} disabled` : "",
      ].filter((text) => text !== "");
      const className = errors > 0 ? "disabled" : warnings > 0 ? "warning" : undefined;
      return element("li", [`${title}: ${total}`, ...trouble].join(", "), className);
    });
    byId("overview").replaceChildren(...items);
  } catch (error) {
    byId("overview").replaceChildren(element("li", `The API could not be read: ${error.message}`));
  }
}

function changed() {
  page = 1;
  void showElements();
}

byId("kind").append(...KINDS.map(([path, title]) => new Option(title, path)));
byId("kind").addEventListener("change", changed);
byId("status").addEventListener("change", changed);
byId("search").addEventListener("input", changed);
byId("filter").addEventListener("submit", (event) => event.preventDefault());
byId("previous").addEventListener("click", () => {
  page--;
  void showElements();
});
byId("next").addEventListener("click", () => {
  page++;
  void showElements();
});
void ask("version").then(({ body }) => {
  byId("version").textContent = body.Version;
});
setInterval(() => {
  if (document.hidden) return;
  void showOverview();
  if (!byId("details").open) void showElements();
}, REFRESH);
void showOverview();
void showElements();
