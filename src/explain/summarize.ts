import type { ExplainedRouter, ExplainedService, Explanation } from "./explained.ts";

/** What was found out, with what only the sentences need. */
export interface Findings extends Explanation {
  /** The TCP router that takes the connection. */
  readonly tcp?: string;
  /** The status that the entrypoint answers by itself. */
  readonly refused?: number;
  /** Where entrypoints listen. */
  readonly entryPoints?: readonly string[];
}

/** Completes an explanation with its sentences. */
export function summarize({ tcp, refused, entryPoints, ...explanation }: Findings): Explanation {
  return { ...explanation, summary: sentences({ ...explanation, tcp, refused, entryPoints }) };
}

function sentences(findings: Findings): string[] {
  const { outcome, request, entryPoint, tcp, refused, entryPoints = [] } = findings;
  switch (outcome) {
    case "no entrypoint":
      return [
        `No entrypoint listens on the port of ${request.url}. There are ${entryPoints.join(", ")}.`,
        "Say which one the request comes to with entryPoint=NAME, where a port is mapped to another.",
      ];
    case "tcp":
      return [
        `The TCP router ${tcp} takes the connection on ${entryPoint?.name}, before HTTP sees it.`,
      ];
    case "refused":
      return [
        `The entrypoint ${entryPoint?.name} answers ${refused} by itself, before any router.`,
      ];
    case "not found":
      return [...certificateSentences(findings), ...notFound(findings)];
    case "routed":
      return [...certificateSentences(findings), ...routed(findings)];
  }
}

function certificateSentences({ tls }: Findings): string[] {
  if (tls === undefined) return [];
  const { certificate, onDemand } = tls;
  if (onDemand !== undefined) {
    return [
      `No certificate has this name yet: the resolver ${onDemand} orders one when a client asks for it, if its onDemand hook allows it; until it is there the client gets the default one.`,
    ];
  }
  if (certificate === "generated")
    return ["The client gets the certificate that Sluice made itself, which it won't trust."];
  return certificate.status === "expired"
    ? [`The certificate of ${certificate.commonName} ended on ${certificate.notAfter}.`]
    : [];
}

function notFound({ entryPoint, router, layers, others, routerCount }: Findings): string[] {
  const [nearest] = others;
  const above = layers.at(-1) ?? router;
  const beginning =
    above === undefined
      ? `The answer is 404: no router on ${entryPoint?.name} takes the request.`
      : `The answer is 404: ${above.name} takes the request, and no router below it does.`;
  if (routerCount === 0 && above === undefined)
    return [beginning, "The entrypoint has no routers."];
  if (nearest === undefined) return [beginning];
  return [beginning, `The nearest is ${nearest.name}: ${changes(nearest)}.`];
}

/** What would have to change. */
function changes({ failed }: ExplainedRouter): string {
  return failed
    .map(({ part, found, hint }) => {
      const said = part === "tls" || part === "status" ? found : `it wants ${part}, and ${found}`;
      return hint === undefined ? said : `${said} (${hint})`;
    })
    .join("; ");
}

function routed({ router, layers, middlewares, service, entryPoint }: Findings): string[] {
  const way = [
    `The router ${router?.name} on ${entryPoint?.name} takes the request (priority ${router?.priority}).`,
  ];
  for (const { name } of layers) way.push(`Below it ${name} takes it.`);
  const broken = middlewares.filter(({ status }) => status === "disabled");
  for (const { name, errors } of broken)
    way.push(`The middleware ${name} is broken: ${errors[0]}.`);
  for (const { name, type } of middlewares)
    if (type === "redirectscheme" || type === "redirectregex")
      way.push(`The middleware ${name} answers with a redirection where its condition holds.`);
  if (service !== undefined) way.push(...serviceSentences(service));
  return way;
}

function serviceSentences(service: ExplainedService): string[] {
  const { name, servers, services, status, errors, strategy } = service;
  if (status === "disabled") return [`The service ${name} is broken: ${errors[0]}.`];
  if (services.length > 0)
    return [
      `The service ${name} passes it to ${services.map((one) => one.service.name).join(", ")}.`,
    ];
  if (servers.length === 0) return [`The service ${name} answers.`];
  const up = servers.filter((one) => one.status === "UP");
  if (up.length === 0)
    return [`All servers of ${name} are down, as health checks found: the answer is 503.`];
  if (up.length === 1) return [`The server is ${up[0].url} of ${name}.`];
  return [
    `The server is one of ${up.length} of ${name}, chosen by ${strategy}: ${up
      .slice(0, 5)
      .map(({ url }) => url)
      .join(", ")}${up.length > 5 ? ", …" : ""}.`,
  ];
}
