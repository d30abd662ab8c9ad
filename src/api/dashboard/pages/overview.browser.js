// The first page: how much there is of what, what moves, what went wrong lately.

import { ask, SECTIONS } from "../api.browser.js";
import { h, pathOf, redraw, row, section, table, time } from "../dom.browser.js";
import { charts, numbers } from "../figures.browser.js";
import { durationText, errorText, follow, rateText } from "../live.browser.js";
import { problemRows } from "./activity.browser.js";

const BUSIEST = ["Router", "Requests per second", "Server errors", "95 % within"];
const ENTRYPOINTS = ["Entrypoint", "Requests per second", "Server errors", "Open connections"];

export async function overviewPage(_, { every, leave }) {
  const cards = h("ul", { class: "cards" });
  const features = h("p", { class: "quiet" });
  const figures = h("div", {}, h("p", { class: "quiet" }, "Figures come in a moment."));
  const busiest = h("div", {});
  const problems = h("div", {});
  const show = async () => {
    const [overview, events] = await Promise.all([ask("overview"), ask("events")]);
    redraw(cards, ...SECTIONS.map(([path, title]) => card(path, title, countsOf(overview, path))));
    cards.append(card("certificates", "Certificates", overview.certificates));
    redraw(features, featureText(overview));
    redraw(
      problems,
      events.errors.length === 0
        ? h("p", {}, "Nothing went wrong lately.")
        : table("Latest problems", ["When", "What"], problemRows(events.errors.slice(0, 5))),
      lastReload(events.reloads),
    );
  };
  await show();
  every(5000, show);
  leave(
    follow(
      () => "kind=router&top=10",
      (samples) => {
        const now = samples.at(-1);
        const open = Object.values(now.connections).reduce((sum, count) => sum + count, 0);
        redraw(
          figures,
          numbers(now.total, open),
          charts(samples, ({ total }) => total),
        );
        redraw(
          busiest,
          section("Busiest routers", table("By requests since the start", BUSIEST, busyRows(now))),
          section(
            "Entrypoints",
            table("What arrives", ENTRYPOINTS, Object.entries(now.entryPoints).map(entryRow(now))),
          ),
        );
      },
    ),
  );
  return {
    title: "Overview",
    nodes: [
      cards,
      features,
      section("Traffic", figures),
      busiest,
      section(
        "Latest problems",
        problems,
        h("p", {}, h("a", { href: "#/activity" }, "All activity")),
      ),
    ],
  };
}

function countsOf(overview, path) {
  const [plane, name] = path.split("/");
  return overview[plane][name];
}

function card(path, title, { total, warnings, errors }) {
  const trouble = [
    errors > 0
      ? h("a", { href: `#/${path}?status=disabled`, class: "bad" }, `${errors} broken`)
      : null,
    warnings > 0
      ? h("a", { href: `#/${path}?status=warning`, class: "warn" }, `${warnings} with warnings`)
      : null,
  ];
  return h(
    "li",
    {},
    h(
      "a",
      { href: `#/${path}`, class: "count" },
      h("b", {}, total.toLocaleString("en")),
      ` ${title}`,
    ),
    total > 0 && errors + warnings === 0 ? h("span", { class: "good" }, "all fine") : null,
    ...trouble,
  );
}

function featureText({ features, providers = [] }) {
  const on = [
    features.metrics === "" ? null : `metrics for ${features.metrics}`,
    features.tracing === "" ? null : `tracing by ${features.tracing}`,
    features.accessLog ? "access log" : null,
  ].filter((text) => text !== null);
  return `Providers: ${providers.join(", ") || "none"}. Switched on: ${on.join(", ") || "nothing besides"}.`;
}

function busyRows({ owners }) {
  return Object.entries(owners).map(([name, now]) =>
    row(BUSIEST, [
      h("a", { href: pathOf("http/routers", name) }, name),
      rateText(now.rate),
      errorText(now),
      durationText(now.p95),
    ]),
  );
}

function entryRow({ connections }) {
  return ([name, now]) =>
    row(ENTRYPOINTS, [
      h("a", { href: pathOf("entrypoints", name) }, name),
      rateText(now.rate),
      errorText(now),
      String(connections[name] ?? 0),
    ]);
}

function lastReload([last]) {
  if (last === undefined) return null;
  return h(
    "p",
    { class: "quiet" },
    `Configuration ${last.version} serves since `,
    time(last.at),
    last.disabled === 0 ? "." : `, ${last.disabled} of its elements with errors.`,
  );
}
