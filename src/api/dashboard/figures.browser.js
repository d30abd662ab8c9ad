// The charts and figures of one owner, or of all entrypoints together.

import { chart } from "./chart.browser.js";
import { h } from "./dom.browser.js";
import { durationText, errorText, rateText } from "./live.browser.js";

const CLASSES = [
  ["2", "2xx", "good"],
  ["3", "3xx", "calm"],
  ["4", "4xx", "warn"],
  ["5", "5xx", "bad"],
];

/** `of` takes what is wanted from a sample. */
export function charts(samples, of) {
  const figures = samples.map(of);
  const times = samples.map(({ at }) => at);
  const present = CLASSES.filter(([digit]) => figures.some((one) => one?.classes[digit] > 0));
  return h(
    "div",
    { class: "charts" },
    chart(
      "Requests per second",
      [
        ["all", "all", figures.map((one) => one?.rate ?? 0)],
        ...present.map(([digit, name, style]) => [
          name,
          style,
          figures.map((one) => one?.classes[digit] ?? 0),
        ]),
      ],
      rateText,
      times,
    ),
    chart(
      "Time to answer",
      [
        ["half within", "good", figures.map((one) => one?.p50)],
        ["95 % within", "warn", figures.map((one) => one?.p95)],
        ["99 % within", "bad", figures.map((one) => one?.p99)],
      ],
      durationText,
      times,
    ),
  );
}

/** The present figures in a line of numbers. */
export function numbers(now, connections) {
  const item = (title, value, id) => h("div", {}, h("dt", {}, title), h("dd", { id }, value));
  return h(
    "dl",
    { class: "numbers" },
    item("requests per second", rateText(now?.rate), "rate"),
    item("server errors", errorText(now), "errors"),
    item("half within", durationText(now?.p50), "p50"),
    item("95 % within", durationText(now?.p95), "p95"),
    connections === undefined ? null : item("open connections", String(connections), "connections"),
  );
}
