// What happened lately: errors, changes of health, reloads.

import { ask } from "../api.browser.js";
import { badge, h, pathOf, redraw, row, section, table, time } from "../dom.browser.js";

const PROBLEMS = ["When", "What"];
const HEALTH = ["When", "Server", "Service", "State"];
const RELOADS = ["When", "Version", "Routers", "Services", "Elements with errors"];

export async function activityPage(_, { every }) {
  const body = h("div", {});
  const show = async () => {
    const { errors, health, reloads } = await ask("events");
    redraw(
      body,
      section(
        "Problems",
        list(
          "Warnings and errors of the log",
          PROBLEMS,
          problemRows(errors),
          "None since the start.",
        ),
      ),
      section(
        "Health",
        list(
          "Servers that went down or came up",
          HEALTH,
          health.map(healthRow),
          "No server has changed its state.",
        ),
      ),
      section(
        "Reloads",
        list("Configurations that began to serve", RELOADS, reloads.map(reloadRow), "None yet."),
      ),
    );
  };
  await show();
  every(5000, show);
  return { title: "Activity", nodes: [body] };
}

function list(caption, headings, rows, none) {
  return rows.length === 0 ? h("p", {}, none) : table(caption, headings, rows);
}

/** Messages with what they are about. */
export function problemRows(errors) {
  return errors.map(({ at, level, message, fields }) =>
    row(PROBLEMS, [
      time(at),
      h(
        "div",
        {},
        h(
          "span",
          { class: level === "warn" ? "warn" : "bad" },
          level === "warn" ? "warning: " : "error: ",
        ),
        message,
        ...Object.entries(fields).map(([name, value]) =>
          h("span", { class: "quiet" }, ` ${name}=${value}`),
        ),
      ),
    ]),
  );
}

function healthRow({ at, kind, service, server, up }) {
  return row(HEALTH, [
    time(at),
    h("code", {}, server),
    h("a", { href: pathOf(`${kind}/services`, service) }, service),
    badge(up ? "UP" : "DOWN"),
  ]);
}

function reloadRow({ at, version, routers, services, disabled }) {
  return row(RELOADS, [
    time(at),
    String(version),
    String(routers),
    String(services),
    String(disabled),
  ]);
}
