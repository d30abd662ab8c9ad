import script from "./dashboard.browser.js" with { type: "text" };
import page from "./page.htm" with { type: "text" };
import style from "./style.css" with { type: "text" };

/** Nothing is loaded from anywhere else, and no page of others may show this one in a frame. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  "": ["text/html; charset=utf-8", page],
  "style.css": ["text/css; charset=utf-8", style],
  "dashboard.js": ["text/javascript; charset=utf-8", script],
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
  const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  if (file === undefined) return undefined;
  const [type, text] = file;
  return new Response(text, {
    headers: {
      "Content-Type": type,
      "Content-Security-Policy": POLICY,
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-cache",
    },
  });
}
