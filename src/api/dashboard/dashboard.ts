import api from "./api.browser.js" with { type: "text" };
import app from "./app.browser.js" with { type: "text" };
import chart from "./chart.browser.js" with { type: "text" };
import dom from "./dom.browser.js" with { type: "text" };
import figures from "./figures.browser.js" with { type: "text" };
import flow from "./flow.browser.js" with { type: "text" };
import live from "./live.browser.js" with { type: "text" };
import page from "./page.htm" with { type: "text" };
import activity from "./pages/activity.browser.js" with { type: "text" };
import element from "./pages/element.browser.js" with { type: "text" };
import explain from "./pages/explain.browser.js" with { type: "text" };
import list from "./pages/list.browser.js" with { type: "text" };
import other from "./pages/other.browser.js" with { type: "text" };
import overview from "./pages/overview.browser.js" with { type: "text" };
import style from "./style.css" with { type: "text" };

/** Nothing is loaded from anywhere else, and no page of others may show this one in a frame. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5cad"/><path d="M6 11h20M6 21h20M11 6v20M21 6v20" stroke="#fff" stroke-width="2.5" fill="none"/></svg>';

const SCRIPT = "text/javascript; charset=utf-8";

/** The page's files by their names, which are those that its modules import. */
export const DASHBOARD_FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "": ["text/html; charset=utf-8", page],
  "style.css": ["text/css; charset=utf-8", style],
  "icon.svg": ["image/svg+xml", ICON],
  "api.browser.js": [SCRIPT, api],
  "app.browser.js": [SCRIPT, app],
  "chart.browser.js": [SCRIPT, chart],
  "dom.browser.js": [SCRIPT, dom],
  "figures.browser.js": [SCRIPT, figures],
  "flow.browser.js": [SCRIPT, flow],
  "live.browser.js": [SCRIPT, live],
  "pages/activity.browser.js": [SCRIPT, activity],
  "pages/element.browser.js": [SCRIPT, element],
  "pages/explain.browser.js": [SCRIPT, explain],
  "pages/list.browser.js": [SCRIPT, list],
  "pages/other.browser.js": [SCRIPT, other],
  "pages/overview.browser.js": [SCRIPT, overview],
};

/**
 * The answer to a request for the dashboard, which is at `basePath`/dashboard/; undefined where there
 * is nothing. `prefix` is what a proxy in front took off the path (X-Forwarded-Prefix). `stripped`: the
 * dashboard's own path was, or may have been, taken off, as `dashboard@internal` expects it.
 * Source: Traefik's pkg/api/dashboard/dashboard.go.
 */
export function dashboardAnswer(
  path: string,
  basePath: string,
  prefix: string,
  stripped = false,
): Response | undefined {
  const home = `${basePath}/dashboard/`;
  if (stripped) return fileAnswer(path.replace(/^\/(dashboard\/)?/, ""));
  if (path === basePath || path === `${basePath}/` || path === home.slice(0, -1)) {
    // A prefix that names another host would lead there.
    const own = /^\/(?![/\\])[^\s\\]*$/.test(prefix) ? prefix.replace(/\/+$/, "") : "";
    return new Response(null, { status: 302, headers: { Location: own + home } });
  }
  if (!path.startsWith(home)) return undefined;
  return fileAnswer(path.slice(home.length));
}

function fileAnswer(name: string): Response | undefined {
  if (!Object.hasOwn(DASHBOARD_FILES, name)) return undefined;
  const [type, text] = DASHBOARD_FILES[name];
  return new Response(text, {
    headers: {
      "Content-Type": type,
      "Content-Security-Policy": POLICY,
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-cache",
    },
  });
}
