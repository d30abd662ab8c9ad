import { CidrSet } from "../../core/cidr.ts";
import { parseIp } from "../address.ts";
import { withoutBrackets } from "../host-port.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** This machine, and its own links, where metadata services are: no proxy is asked for them. */
const NEAR = CidrSet.parse(["127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10"]);

/**
 * The proxy that the environment names for a URL (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, or the same in lower
 * case), as Go's programs read it; undefined for none. Throws an Error where it names one that isn't HTTP's.
 * Source: Go's golang.org/x/net/http/httpproxy.
 */
export function environmentProxy(url: URL, env: Environment): URL | undefined {
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const text = env[name] || env[name.toLowerCase()];
  if (!text || isExcepted(url, env["NO_PROXY"] || env["no_proxy"] || "")) return undefined;
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const proxy = URL.canParse(whole) ? new URL(whole) : undefined;
  // It may hold a password, and is not shown.
  if (proxy === undefined || !/^https?:$/.test(proxy.protocol))
    throw new Error(`${name}: expected the URL of a proxy with http or https, found another`);
  return proxy;
}

/** The fields that a proxy wants of its user. */
export function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === "") return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "Proxy-Authorization": `Basic ${new TextEncoder().encode(pair).toBase64()}` };
}

function isExcepted(url: URL, list: string): boolean {
  const host = withoutBrackets(url.hostname).toLowerCase();
  const ip = parseIp(host);
  if (host === "localhost" || (ip !== undefined && NEAR.contains(ip))) return true;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return list
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && isMatched(entry, host, ip, port));
}

/** An entry is "*", an address, a range, or a name with the names below it; with a port, that one only. */
function isMatched(entry: string, host: string, ip: string | undefined, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) {
    try {
      return ip !== undefined && CidrSet.parse([entry]).contains(ip);
    } catch {
      return false;
    }
  }
  const [, name, wanted] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (name === undefined || (wanted !== undefined && wanted !== port)) return false;
  const bare = withoutBrackets(name);
  if (ip !== undefined) return parseIp(bare) === ip;
  const domain = bare.replace(/^\*?\./, "");
  // A dot in front leaves the name itself out.
  return host.endsWith(`.${domain}`) || (host === domain && domain === bare);
}
