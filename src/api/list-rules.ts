import type { ApiCertificate } from "./certificates.ts";
import type { ApiElement } from "./elements.ts";
import { compare, type ListRules } from "./list.ts";

/** Routers, services and middlewares. */
export const ELEMENT_RULES: ListRules<ApiElement> = {
  texts: ({ name, rule }) => [name, String(rule ?? "")],
  matches: ({ provider, service, middlewares }, query) => {
    const wanted = query.get("serviceName") ?? "";
    const middleware = query.get("middlewareName") ?? "";
    return (
      (wanted === "" || service === wanted || `${service}@${provider}` === wanted) &&
      (middleware === "" || (Array.isArray(middlewares) && middlewares.includes(middleware)))
    );
  },
  orders: {
    provider: byText("provider"),
    status: byText("status"),
    rule: byText("rule"),
    service: byText("service"),
    type: byText("type"),
    priority: (a, b) => compare(priorityOf(a), priorityOf(b)),
    entryPoints: (a, b) => countOf(a["entryPoints"]) - countOf(b["entryPoints"]),
    servers: (a, b) => serverCount(a) - serverCount(b),
  },
};

export const CERTIFICATE_RULES: ListRules<ApiCertificate> = {
  texts: ({ commonName, issuerOrg = "", issuerCN = "", sans }) => [
    commonName,
    issuerOrg,
    issuerCN,
    ...sans,
  ],
  nameOf: ({ commonName }) => commonName,
  orders: {
    status: (a, b) => compare(a.status, b.status),
    issuer: (a, b) => compare(issuerOf(a), issuerOf(b)),
    validUntil: (a, b) => compare(a.notAfter, b.notAfter),
  },
};

function byText(member: string): (a: ApiElement, b: ApiElement) => number {
  return (a, b) => compare(String(a[member] ?? ""), String(b[member] ?? ""));
}

function priorityOf(element: ApiElement): bigint {
  return BigInt(String(element["priorityStr"] ?? 0));
}

function countOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function serverCount(element: ApiElement): number {
  const balancer = element["loadBalancer"] as { readonly servers?: unknown } | undefined;
  return countOf(balancer?.servers);
}

function issuerOf({ issuerOrg, issuerCN }: ApiCertificate): string {
  return issuerOrg ?? issuerCN ?? "";
}
