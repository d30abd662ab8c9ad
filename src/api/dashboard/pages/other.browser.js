// Entrypoints, certificates, providers, and the search over everything.

import { ask, askList, SECTIONS } from "../api.browser.js";
import { badge, h, pathOf, redraw, row, section, table } from "../dom.browser.js";
import { charts, numbers } from "../figures.browser.js";
import { follow, rateText } from "../live.browser.js";

const ENTRYPOINTS = ["Name", "Address", "Requests per second", "Open connections"];
const CERTIFICATES = ["Status", "Name", "Names", "Issuer", "Valid until", "Left"];
const ORDERS = ["Resolver", "Names", "Certificate", "Failed", "Next attempt", "Why"];
const DAY = 86_400_000;

export async function entryPointsPage(_, { leave }) {
  const all = await ask("entrypoints?per_page=1000");
  const body = h("div", {});
  const draw = (sample) =>
    redraw(
      body,
      table(
        "Entrypoints",
        ENTRYPOINTS,
        all.map(({ name, address }) =>
          row(ENTRYPOINTS, [
            h("a", { href: pathOf("entrypoints", name) }, name),
            h("code", {}, address),
            rateText(sample?.entryPoints[name]?.rate),
            String(sample?.connections[name] ?? 0),
          ]),
        ),
      ),
    );
  draw();
  leave(
    follow(
      () => "",
      (samples) => draw(samples.at(-1)),
    ),
  );
  return { title: "Entrypoints", nodes: [body] };
}

export async function entryPointPage({ name }, { leave }) {
  const entryPoint = await ask(`entrypoints/${encodeURIComponent(name)}`);
  const figures = h("div", {}, h("p", { class: "quiet" }, "Figures come in a moment."));
  leave(
    follow(
      () => "",
      (samples) => {
        const { entryPoints, connections } = samples.at(-1);
        redraw(
          figures,
          numbers(entryPoints[name], connections[name] ?? 0),
          charts(samples, (one) => one.entryPoints[name]),
        );
      },
    ),
  );
  const text = JSON.stringify(entryPoint, null, 2);
  return {
    title: name,
    nodes: [
      h("p", {}, h("a", { href: "#/entrypoints" }, "All entrypoints")),
      section("Figures", figures),
      section("Configuration", h("pre", { tabindex: "0", "aria-label": "Configuration" }, text)),
    ],
  };
}

export async function certificatesPage({ query }) {
  const wanted = new URLSearchParams(query);
  wanted.set("per_page", "1000");
  if (!wanted.has("sortBy")) wanted.set("sortBy", "validUntil");
  const [all, resolvers] = await Promise.all([
    ask(`certificates?${wanted}`),
    ask("resolvers?per_page=1000"),
  ]);
  const failing = resolvers.flatMap(({ name, certificates }) =>
    certificates
      .filter(({ failure }) => failure)
      .map(({ names, notAfter, failure }) =>
        row(ORDERS, [
          name,
          names.join(", "),
          notAfter === undefined ? "not there yet" : `until ${notAfter.slice(0, 10)}`,
          `${failure.failures === 1 ? "once" : `${failure.failures} times`}, last at ${failure.lastFailure}`,
          Date.parse(failure.nextAttempt) <= Date.now() ? "now" : failure.nextAttempt,
          failure.error,
        ]),
      ),
  );
  const rows = all.map((one) => {
    const left = Math.floor((Date.parse(one.notAfter) - Date.now()) / DAY);
    return row(CERTIFICATES, [
      badge(one.status),
      h(
        "a",
        { href: pathOf("certificates", one.name) },
        one.commonName || one.sans[0] || one.name.slice(0, 12),
      ),
      one.sans.join(", "),
      one.issuerOrg ?? one.issuerCN ?? "",
      one.notAfter.slice(0, 10),
      left < 0 ? "ended" : left === 1 ? "1 day" : `${left} days`,
    ]);
  });
  const none = h(
    "p",
    {},
    "No certificate is configured: clients with TLS get one that Sluice made itself, and don't trust it.",
  );
  return {
    title: "Certificates",
    nodes: [
      failing.length === 0 ? null : table("Orders that failed", ORDERS, failing),
      rows.length === 0 ? none : table("Those that end first come first", CERTIFICATES, rows),
    ],
  };
}

export async function certificatePage({ name }) {
  const certificate = await ask(`certificates/${encodeURIComponent(name)}`);
  const entries = Object.entries(certificate).filter(([key]) => key !== "status" && key !== "name");
  return {
    title: certificate.commonName || certificate.sans[0] || "Certificate",
    nodes: [
      h("p", {}, h("a", { href: "#/certificates" }, "All certificates")),
      h("p", {}, badge(certificate.status)),
      h(
        "dl",
        { class: "facts" },
        ...entries.map(([key, value]) =>
          h(
            "div",
            {},
            h("dt", {}, key),
            h("dd", {}, key === "renewalFailure" ? value.error : String(value)),
          ),
        ),
      ),
    ],
  };
}

export async function providersPage() {
  const [{ providers = [] }, { errors }] = await Promise.all([ask("overview"), ask("events")]);
  const headings = ["Provider", ...SECTIONS.map(([, title]) => title), "Latest problem"];
  const rows = await Promise.all(
    [...providers, "internal"].map(async (title) => {
      const name = title.toLowerCase();
      const counts = await Promise.all(
        SECTIONS.map(async ([path]) => {
          const query = new URLSearchParams({ search: `@${name}` });
          const { total } = await askList(`${path}?${query}&per_page=1`);
          return total === 0 ? "0" : h("a", { href: `#/${path}?${query}` }, String(total));
        }),
      );
      const problem = errors.find(({ fields }) => fields.providerName === name)?.message ?? "none";
      return row(headings, [title, ...counts, problem]);
    }),
  );
  return {
    title: "Providers",
    nodes: [table("Where the configuration comes from", headings, rows)],
  };
}

const FOUND = 5;

/** The first of each section that have the text in their name or rule. */
export async function searchPage({ query }) {
  const text = query.get("q") ?? "";
  if (text === "")
    return { title: "Search", nodes: [h("p", {}, "Write a part of a name, a rule or a host.")] };
  const wanted = new URLSearchParams({ search: text, per_page: String(FOUND) });
  const found = await Promise.all(
    [...SECTIONS, ["certificates", "Certificates"]].map(async ([path, title]) => {
      const { body, total } = await askList(`${path}?${wanted}`);
      return { path, title, body, total };
    }),
  );
  const total = found.reduce((sum, one) => sum + one.total, 0);
  return {
    title: `Search: ${text}`,
    nodes: [
      h(
        "p",
        { role: "status" },
        total === 0 ? "Nothing matches." : `${total.toLocaleString("en")} found`,
      ),
      ...found
        .filter(({ body }) => body.length > 0)
        .map(({ path, title, body, total }) =>
          section(
            `${title} (${total})`,
            h("ul", { class: "found" }, ...body.map((one) => hit(path, one))),
            total > FOUND
              ? h(
                  "p",
                  {},
                  h(
                    "a",
                    { href: `#/${path}?${new URLSearchParams({ search: text })}` },
                    `All ${total}`,
                  ),
                )
              : null,
          ),
        ),
    ],
  };
}

function hit(path, { name, commonName, status, rule, sans }) {
  return h(
    "li",
    {},
    badge(status),
    " ",
    h("a", { href: pathOf(path, name) }, path === "certificates" ? commonName || sans[0] : name),
    rule === undefined ? null : h("code", {}, ` ${rule}`),
  );
}
