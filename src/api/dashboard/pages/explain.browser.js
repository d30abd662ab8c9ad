// Why a request gets what it gets, as a form.

import { ask } from "../api.browser.js";
import { h, pathOf, redraw, section } from "../dom.browser.js";
import { box, flow } from "../flow.browser.js";

export async function explainPage({ query }, { replace }) {
  const entryPoints = await ask("entrypoints?per_page=1000");
  const answer = h("div", { role: "region", "aria-live": "polite", "aria-label": "Answer" });
  const field = (name, label, attributes = {}) =>
    h(
      "label",
      {},
      label,
      h("input", { id: `explain-${name}`, name, value: query.get(name) ?? "", ...attributes }),
    );
  const form = h(
    "form",
    { class: "filter", onsubmit: submitted },
    field("url", "Address", {
      required: true,
      size: 40,
      placeholder: "https://shop.example.com/cart",
    }),
    field("method", "Method", { size: 8, placeholder: "GET" }),
    field("ip", "Client's address", { size: 16, placeholder: "127.0.0.1" }),
    h(
      "label",
      {},
      "Headers, one a line",
      h(
        "textarea",
        { name: "header", rows: 2, cols: 30, placeholder: "X-Team: a" },
        query.getAll("header").join("\n"),
      ),
    ),
    h(
      "label",
      {},
      "Entrypoint",
      h(
        "select",
        { name: "entryPoint" },
        h("option", { value: "" }, "by the address's port"),
        ...entryPoints.map(({ name }) =>
          h("option", { value: name, selected: name === query.get("entryPoint") }, name),
        ),
      ),
    ),
    h("button", { type: "submit" }, "Explain"),
  );
  async function submitted(event) {
    event?.preventDefault();
    const data = new FormData(form);
    const asked = new URLSearchParams();
    for (const name of ["url", "method", "ip", "entryPoint"])
      if (data.get(name) !== "") asked.set(name, data.get(name));
    for (const line of data.get("header").split("\n"))
      if (line.trim() !== "") asked.append("header", line);
    replace("explain", asked);
    try {
      redraw(answer, ...(await explained(await ask(`explain?${asked}`))));
    } catch (error) {
      redraw(answer, h("p", { class: "problems" }, error.message));
    }
  }
  if (query.has("url")) await submitted();
  return {
    title: "Explain a request",
    nodes: [
      h(
        "p",
        {},
        "Which router, middlewares and server a request would meet, or what would have to change. The request is not sent.",
      ),
      form,
      answer,
    ],
  };
}

function explained({
  outcome,
  summary,
  entryPoint,
  tls,
  router,
  layers,
  middlewares,
  service,
  others,
  routerCount,
}) {
  const stages = [
    {
      title: "Entrypoint",
      boxes: entryPoint ? [box(entryPoint.name, { detail: entryPoint.address })] : [],
    },
    { title: "TLS", boxes: tls ? [box(tls.options, { detail: certificateText(tls) })] : [] },
    {
      title: "Router",
      boxes: router ? [router, ...layers].map((one) => element("http/routers", one, one.rule)) : [],
    },
    {
      title: "Middlewares",
      boxes: middlewares.map((one) => element("http/middlewares", one, one.type)),
    },
    {
      title: "Service",
      boxes: service ? [element("http/services", service, service.strategy ?? service.type)] : [],
    },
    { title: "Servers", boxes: service ? serversOf(service) : [] },
  ];
  return [
    section(
      outcome === "routed"
        ? "A router takes it"
        : outcome === "not found"
          ? "404: no router takes it"
          : "It comes to no router",
      ...summary.map((sentence) => h("p", {}, sentence)),
      flow("The way of the request", stages),
    ),
    others.length === 0
      ? null
      : section(
          `Other routers of the entrypoint, nearest first (${others.length} of ${routerCount})`,
          h("ol", { class: "nearest" }, ...others.map(other)),
        ),
  ];
}

function element(path, { name, status }, detail) {
  return box(name, { status, detail, href: pathOf(path, name) });
}

function serversOf({ servers, services }) {
  return [
    ...servers.map(({ url, status }) => box(url, { status })),
    ...services.flatMap(({ service }) => serversOf(service)),
  ];
}

function other({ name, rule, priority, matches, failed }) {
  return h(
    "li",
    {},
    h("a", { href: pathOf("http/routers", name) }, name),
    " ",
    h("code", {}, rule),
    h("span", { class: "quiet" }, ` priority ${priority}`),
    matches ? h("p", {}, "It matches too, with a lower priority.") : null,
    h(
      "ul",
      {},
      ...failed.map(({ part, found, hint }) =>
        h(
          "li",
          {},
          ...(part === "tls" || part === "status"
            ? [found]
            : ["wants ", h("code", {}, part), `, and ${found}`]),
          hint === undefined ? null : h("span", { class: "quiet" }, ` (${hint})`),
        ),
      ),
    ),
  );
}

function certificateText({ certificate }) {
  return certificate === "generated"
    ? "a certificate that Sluice made itself"
    : `${certificate.commonName || certificate.sans.join(", ")}, until ${certificate.notAfter.slice(0, 10)}`;
}
