// Lines over time, drawn as SVG.

import { h } from "./dom.browser.js";

const WIDTH = 600;
const HEIGHT = 140;
const LEFT = 56;
const BOTTOM = 18;

/**
 * A chart of several lines. `lines` are [name, class, values]; values that are undefined leave gaps.
 * `text` writes a value. What it shows is also said in words, for those who don't see it.
 */
export function chart(title, lines, text, times) {
  const highest = Math.max(
    ...lines.flatMap(([, , values]) => values.map((value) => value ?? 0)),
    0,
  );
  const top = niceTop(highest);
  const count = Math.max(...lines.map(([, , values]) => values.length), 2);
  const x = (i) => LEFT + ((WIDTH - LEFT - 4) * i) / (count - 1);
  const y = (value) => 6 + (HEIGHT - BOTTOM - 6) * (1 - value / top);
  const said = lines.map(([name, , values]) => `${name} ${text(values.at(-1))}`).join(", ");
  const seconds = times.length < 2 ? 0 : Math.round((times.at(-1) - times[0]) / 1000);
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, title),
    h(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}: now ${said}` },
      ...[0, 0.5, 1].flatMap((share) => [
        h("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(top * share), y2: y(top * share) }),
        h("text", { x: LEFT - 6, y: y(top * share) + 4, "text-anchor": "end" }, text(top * share)),
      ]),
      h("text", { x: LEFT, y: HEIGHT - 3 }, seconds === 0 ? "" : `${seconds} s ago`),
      h("text", { x: WIDTH - 2, y: HEIGHT - 3, "text-anchor": "end" }, "now"),
      ...lines.map(([, name, values]) =>
        h("path", { class: `line ${name}`, d: pathOf(values, x, y) }),
      ),
    ),
    h(
      "ul",
      { class: "legend" },
      ...lines.map(([name, className, values]) =>
        h("li", { class: className }, `${name} `, h("b", {}, text(values.at(-1)))),
      ),
    ),
  );
}

function pathOf(values, x, y) {
  let d = "";
  let pen = "M";
  values.forEach((value, i) => {
    if (value === undefined) {
      pen = "M";
      return;
    }
    d += `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
  });
  return d;
}

/** The next of 1, 2, 5, 10, ... above the highest value. */
function niceTop(highest) {
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= highest);
}
