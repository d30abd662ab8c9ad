import type { ExplainedRouter, ExplainedService, Explanation } from "../../explain/explained.ts";

const INDENT = 13;

/** An explanation for people to read; control characters in it are escaped. */
export function explanationText(explanation: Explanation): string {
  const {
    request,
    outcome,
    summary,
    entryPoint,
    tls,
    router,
    layers,
    middlewares,
    service,
    others,
  } = explanation;
  const lines = [`${request.method} ${request.url}: ${outcome}`, ...summary.map(indented), ""];
  const row = (title: string, text: string) => lines.push(`${title.padEnd(INDENT)}${text}`);
  if (entryPoint !== undefined) row("entrypoint", `${entryPoint.name} (${entryPoint.address})`);
  if (tls !== undefined) {
    const { certificate } = tls;
    row("tls options", tls.options);
    row(
      "certificate",
      certificate === "generated"
        ? "made by Sluice itself"
        : `${certificate.commonName || certificate.sans.join(", ")}, until ${certificate.notAfter}`,
    );
  }
  if (router !== undefined) row("router", titleOf(router));
  for (const layer of layers) row("", titleOf(layer));
  for (const [i, { name, type = "missing", status }] of middlewares.entries())
    row(
      i === 0 ? "middlewares" : "",
      `${name} (${type})${status === "enabled" ? "" : `, ${status}`}`,
    );
  if (service !== undefined)
    for (const [i, line] of serviceLines(service, "").entries())
      row(i === 0 ? "service" : "", line);
  if (others.length > 0) {
    lines.push(
      "",
      outcome === "routed" ? "Other routers, nearest first:" : "Routers, nearest first:",
    );
    for (const other of others) lines.push(`  ${titleOf(other)}`, ...reasons(other));
  }
  return `${lines.map(printable).join("\n")}\n`;
}

function indented(line: string): string {
  return `  ${line}`;
}

function titleOf({ name, rule, priority }: ExplainedRouter): string {
  return `${name}  ${rule}  priority ${priority}`;
}

function reasons({ failed, matches }: ExplainedRouter): string[] {
  if (matches) return ["      matches too, with a lower priority"];
  return failed.map(({ part, found, hint }) => {
    const said = part === "tls" || part === "status" ? found : `wants ${part}, and ${found}`;
    return `      ${said}${hint === undefined ? "" : ` (${hint})`}`;
  });
}

function serviceLines(
  { name, type, strategy, servers, services }: ExplainedService,
  margin: string,
): string[] {
  const about = [type, strategy].filter((word) => word !== undefined).join(", ");
  return [
    `${margin}${name}${about === "" ? "" : ` (${about})`}`,
    ...servers.map(({ url, status }) => `${margin}  ${url} ${status}`),
    ...services.flatMap(({ role, service }) => [
      `${margin}  ${role}:`,
      ...serviceLines(service, `${margin}    `),
    ]),
  ];
}

/** No text of others moves the cursor. */
function printable(line: string): string {
  return line.replace(
    /[\x00-\x1f\x7f-\x9f]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
